/* A forked child may not call MPI and gets an error at once; its exit does not disturb the parent. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static int at_end;
static void handler(void) { at_end++; }

/* descriptors counts those that a child is left with. */
static int descriptors(void) {
    char line[64] = "";
    FILE *p = popen("echo hello; ls /proc/self/fd | wc -l", "r");
    CHECK(p && fgets(line, sizeof line, p) && !strcmp(line, "hello\n"));
    CHECK(fgets(line, sizeof line, p) && atoi(line) > 0);
    CHECK(pclose(p) == 0);
    return atoi(line);
}

int main(int argc, char **argv) {
    int rank, size, status, x = 1, sum = 0;
    int before = descriptors();
    atexit(handler);
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    for (int i = 0; i < 5; i++) {
        fflush(NULL);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            if (i == 0) freopen("/dev/null", "w", stderr); /* the line that says so is not of interest */
            close(2);
            alarm(10); /* it must not hang */
            int bad = MPI_Send(&x, 1, MPI_INT, 0, 0, MPI_COMM_SELF) == MPI_SUCCESS;
            bad |= MPI_Barrier(MPI_COMM_WORLD) == MPI_SUCCESS;
            bad |= MPI_Finalize() == MPI_SUCCESS;
            exit(bad);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        OK(MPI_Allreduce(&x, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
        CHECK(sum == size);
    }
    CHECK(system("exit 3") >> 8 == 3);
    CHECK(descriptors() <= before); /* ours are close-on-exec */
    CHECK(at_end == 0);
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Finalize());
    return 0;
}
