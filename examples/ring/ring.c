/* ring hands a token round all ranks, a number of times; each rank adds its own
 * number to it. One rank sends to itself.
 *
 *     mpicc -O2 -o ring ring.c && rainrun -n 4 ./ring [ROUNDS]
 */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    int rank, size, rounds, wrong = 0;
    long token = 0;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    rounds = argc > 1 ? atoi(argv[1]) : 1000;
    const int next = (rank + 1) % size, before = (rank + size - 1) % size;
    double start = MPI_Wtime();
    for (int i = 0; i < rounds; i++) {
        MPI_Request receive;
        MPI_Irecv(&token, 1, MPI_LONG, before, i, MPI_COMM_WORLD, &receive);
        if (rank == 0) { /* the token's way begins and ends here */
            long out = (long)i * size;
            MPI_Send(&out, 1, MPI_LONG, next, i, MPI_COMM_WORLD);
            MPI_Wait(&receive, MPI_STATUS_IGNORE);
            long want = (long)i * size + (long)size * (size - 1) / 2;
            if (token != want) {
                printf("round %d: the token is %ld, not %ld\n", i, token, want);
                wrong = 1;
            }
        } else {
            MPI_Wait(&receive, MPI_STATUS_IGNORE);
            token += rank;
            MPI_Send(&token, 1, MPI_LONG, next, i, MPI_COMM_WORLD);
        }
    }
    if (rank == 0)
        printf("%d rounds of %d ranks, %.1f microseconds a hop\n", rounds, size,
               (MPI_Wtime() - start) * 1e6 / rounds / size);
    MPI_Finalize();
    return wrong;
}
