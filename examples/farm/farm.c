/* farm counts primes. A manager spawns workers, which are processes of this same
 * program, hands them pieces of the range as they become free, and collects what
 * they find. At the end it lets them go, and lives on without them.
 *
 *     mpicc -O2 -o farm farm.c && rainrun -n 1 ./farm [WORKERS]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 1000000, PIECE = 20000, PRIMES = 78498 }; /* primes below a million */
enum { WORK = 1, DONE, STOP };                           /* tags */

static int is_prime(long n)
{
    for (long d = 2; d * d <= n; d++)
        if (n % d == 0)
            return 0;
    return n > 1;
}

/* A worker takes pieces from rank 0 of its parents until there are no more. */
static void work(MPI_Comm manager)
{
    for (;;) {
        long first, found = 0;
        MPI_Status status;
        MPI_Recv(&first, 1, MPI_LONG, 0, MPI_ANY_TAG, manager, &status);
        if (status.MPI_TAG == STOP)
            return;
        for (long n = first; n < first + PIECE; n++)
            found += is_prime(n);
        MPI_Send(&found, 1, MPI_LONG, 0, DONE, manager);
    }
}

static long manage(MPI_Comm workers)
{
    int size, busy = 0;
    long next = 0, found, sum = 0;

    MPI_Comm_remote_size(workers, &size);
    for (int w = 0; w < size; w++, next += PIECE, busy++)
        MPI_Send(&next, 1, MPI_LONG, w, WORK, workers);
    while (busy > 0) {
        MPI_Status status;
        MPI_Recv(&found, 1, MPI_LONG, MPI_ANY_SOURCE, DONE, workers, &status);
        sum += found;
        if (next < LIMIT) {
            MPI_Send(&next, 1, MPI_LONG, status.MPI_SOURCE, WORK, workers);
            next += PIECE;
        } else {
            MPI_Send(&next, 1, MPI_LONG, status.MPI_SOURCE, STOP, workers);
            busy--;
        }
    }
    return sum;
}

int main(int argc, char **argv)
{
    int rank, workers = argc > 1 ? atoi(argv[1]) : 3;
    long sum = 0;
    MPI_Comm manager, farm;

    MPI_Init(&argc, &argv);
    MPI_Comm_get_parent(&manager);
    if (manager != MPI_COMM_NULL) {
        work(manager);
        MPI_Comm_disconnect(&manager);
        return MPI_Finalize();
    }
    /* All ranks spawn together, and rank 0 says what. */
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_spawn(argv[0], MPI_ARGV_NULL, workers, MPI_INFO_NULL, 0, MPI_COMM_WORLD, &farm, MPI_ERRCODES_IGNORE);
    if (rank == 0)
        sum = manage(farm);
    MPI_Comm_disconnect(&farm);
    if (rank == 0)
        printf("%d workers found %ld primes below %d\n", workers, sum, LIMIT);
    MPI_Finalize();
    return rank == 0 && sum != PRIMES;
}
