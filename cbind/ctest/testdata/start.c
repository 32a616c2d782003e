/*
 * A timer signal every few microseconds while Go's runtime starts, which the first MPI call waits for:
 * the handler is hungry for stack, and puts itself back by signal(), without SA_ONSTACK. Whether it
 * meets a bad moment is chance: TestStart runs this many times.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "check.h"

static volatile sig_atomic_t ticks;

static void tick(int sig) {
    volatile char hungry[24 << 10];
    for (unsigned i = 0; i < sizeof hungry; i += 64) hungry[i] = (char)i;
    ticks++;
    signal(SIGALRM, tick);
}

int main(int argc, char **argv) {
    struct itimerval every = {{0, 29}, {0, 29}}, never = {{0, 0}, {0, 0}};
    signal(SIGALRM, tick);
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
    OK(MPI_Init(&argc, &argv));
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(ticks > 0);
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Finalize());
    return 0;
}
