/* Streams from the lower half of the ranks to the upper until the file in the
 * first argument is there: 1 MiB, of which every word is checked, and an answer.
 * Who waits is parked in a blocking call. */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum { WORDS = 1 << 17 };
static uint64_t words[WORDS];

int main(int argc, char **argv)
{
    int rank, size;
    uint64_t round = 0, wrong = 0, more = argc > 1;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    int sends = rank < size / 2, peer = (rank + size / 2) % size;
    for (; more; round++) {
        if (sends) {
            more = access(argv[1], F_OK) != 0;
            for (uint64_t i = 0; i < WORDS; i++)
                words[i] = more ? round << 32 ^ i * 0x9e3779b97f4a7c15 : 0;
            MPI_Send(words, WORDS, MPI_UINT64_T, peer, 0, MPI_COMM_WORLD);
            MPI_Recv(&wrong, 1, MPI_UINT64_T, peer, 1, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            if (round == 0 && rank == 0) {
                printf("going\n");
                fflush(stdout);
            }
        } else {
            MPI_Recv(words, WORDS, MPI_UINT64_T, peer, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
            more = words[1] != 0;
            for (uint64_t i = 0; i < WORDS; i++)
                wrong += words[i] != (more ? round << 32 ^ i * 0x9e3779b97f4a7c15 : 0);
            MPI_Send(&wrong, 1, MPI_UINT64_T, peer, 1, MPI_COMM_WORLD);
        }
    }
    if (rank == 0)
        printf("%d wrong words\n", (int)wrong);
    MPI_Finalize();
    return wrong != 0;
}
