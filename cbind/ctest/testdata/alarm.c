/*
 * A timer signal every millisecond, its handler installed without SA_ONSTACK and hungry for stack,
 * through point-to-point and collectives: a handler that ran on a goroutine's stack would destroy
 * Go's heap. The handler is installed before, and once more after, MPI_Init; one is re-armed by
 * signal() each time, as old programs do.
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

static void timer(long us) {
    struct itimerval every = {{0, us}, {0, us}};
    CHECK(setitimer(ITIMER_REAL, &every, NULL) == 0);
}

int main(int argc, char **argv) {
    int rank, size;
    struct sigaction act;
    memset(&act, 0, sizeof act);
    act.sa_handler = tick;
    act.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &act, NULL);
    timer(1000);
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    sigaction(SIGALRM, &act, NULL);
    double end = MPI_Wtime() + 1.5;
    int left = (rank + size - 1) % size, rightward = (rank + 1) % size, go = 1;
    static char out[50000], in[50000];
    for (int i = 0; go; i++) {
        int n = i % 3 == 0 ? 1 : i % 3 == 1 ? 4000 : 50000;
        memset(out, i + rank, n);
        memset(in, 0, n);
        MPI_Status st;
        OK(MPI_Sendrecv(out, n, MPI_CHAR, rightward, i & 0xfff, in, n, MPI_CHAR, left, i & 0xfff, MPI_COMM_WORLD, &st));
        int count;
        OK(MPI_Get_count(&st, MPI_CHAR, &count));
        CHECK(count == n && in[0] == (char)(i + left) && in[n - 1] == (char)(i + left));
        go = MPI_Wtime() < end || ticks <= 100; /* of a process that does not get the processor they are fewer than its milliseconds */
        if (i % 20 == 0) OK(MPI_Allreduce(MPI_IN_PLACE, &go, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD));
        else go = 1;
    }
    CHECK(ticks > 100);
    OK(MPI_Finalize());
    return 0;
}
