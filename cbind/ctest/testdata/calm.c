/*
 * The timers of the program's threads are as exact as it left them, those of Go's first threads, the monitor's
 * above all, patient (what they start later may have the program's), and one thread's, the background reader's,
 * exact: a window has one.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

/* slack is how late a thread's timers may be, ns; 0 if only root may see it. */
static long slack(long thread) {
    char name[64], text[32] = "";
    snprintf(name, sizeof name, "/proc/%ld/timerslack_ns", thread);
    FILE *f = fopen(name, "r");
    if (!f) return 0;
    if (!fgets(text, sizeof text, f)) text[0] = 0;
    fclose(f);
    return atol(text);
}

int main(int argc, char **argv) {
    long mine = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    CHECK(mine < 1000000);
    OK(MPI_Init(&argc, &argv));
    MPI_Win win;
    int *base;
    OK(MPI_Win_allocate(sizeof *base, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &base, &win));
    CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == mine);
    long patient = 0, exact = 0, me = syscall(SYS_gettid);
    for (int tries = 0; exact == 0 && tries < 1000; tries++, usleep(1000)) { /* the reader has still to begin */
        patient = exact = 0;
        DIR *threads = opendir("/proc/self/task");
        CHECK(threads);
        for (struct dirent *d; (d = readdir(threads));) {
            long thread = atol(d->d_name), ns = thread && thread != me ? slack(thread) : 0;
            if (ns >= 1000000) patient++;
            else if (ns > 0 && ns < mine) exact++;
        }
        closedir(threads);
        if (geteuid() != 0) break;
    }
    CHECK(geteuid() != 0 || (patient > 0 && exact == 1));
    OK(MPI_Win_free(&win));
    OK(MPI_Finalize());
    CHECK(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0) == mine);
    return 0;
}
