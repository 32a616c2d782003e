/* histogram throws dice: work and counts are in windows. Whoever is free draws
 * the next batch from a counter at rank 0 (fetch and op), so a slow rank simply
 * draws fewer; the counts of the sums are spread over all ranks, and added to
 * where they are (accumulate). Nobody receives anything.
 *
 *     mpicc -O2 -o histogram histogram.c && rainrun -n 4 ./histogram
 */
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>

enum { BATCHES = 200, THROWS = 10000, SUMS = 13 }; /* sums of two dice are 2 to 12 */

/* A batch is the same whoever throws it. */
static void throw_dice(uint64_t seed, long counts[SUMS])
{
    for (int i = 0; i < SUMS; i++)
        counts[i] = 0;
    for (int i = 0; i < THROWS; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        counts[2 + (seed >> 33) % 6 + (seed >> 45) % 6]++;
    }
}

int main(int argc, char **argv)
{
    int rank, size, wrong = 0;
    long *counter, *mine, batch, one = 1, counts[SUMS], drawn = 0, all = 0;
    MPI_Win work, bins;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    MPI_Win_allocate(rank == 0 ? sizeof(long) : 0, sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &counter, &work);
    MPI_Win_allocate(SUMS * sizeof(long), sizeof(long), MPI_INFO_NULL, MPI_COMM_WORLD, &mine, &bins);
    if (rank == 0)
        *counter = 0;
    for (int s = 0; s < SUMS; s++)
        mine[s] = 0;
    MPI_Barrier(MPI_COMM_WORLD);

    MPI_Win_lock_all(0, work);
    MPI_Win_lock_all(0, bins);
    for (;; drawn++) {
        MPI_Fetch_and_op(&one, &batch, MPI_LONG, 0, 0, MPI_SUM, work);
        MPI_Win_flush(0, work);
        if (batch >= BATCHES)
            break;
        throw_dice(batch, counts);
        for (int s = 2; s < SUMS; s++) /* sum s is counted at rank s % size */
            MPI_Accumulate(&counts[s], 1, MPI_LONG, s % size, s, 1, MPI_LONG, MPI_SUM, bins);
        MPI_Win_flush_local_all(bins); /* counts is used again */
    }
    MPI_Win_unlock_all(bins);
    MPI_Win_unlock_all(work);
    MPI_Barrier(MPI_COMM_WORLD);

    MPI_Allreduce(&drawn, &all, 1, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) {
        long want[SUMS] = {0}, got[SUMS];
        for (batch = 0; batch < BATCHES; batch++) {
            throw_dice(batch, counts);
            for (int s = 2; s < SUMS; s++)
                want[s] += counts[s];
        }
        MPI_Win_lock_all(0, bins);
        for (int s = 2; s < SUMS; s++)
            MPI_Get(&got[s], 1, MPI_LONG, s % size, s, 1, MPI_LONG, bins);
        MPI_Win_unlock_all(bins);
        wrong = all != BATCHES;
        for (int s = 2; s < SUMS; s++) {
            wrong |= got[s] != want[s];
            printf("%2d %7ld %.*s\n", s, got[s], (int)(got[s] * 300 / (BATCHES * THROWS)), "##################################################");
        }
        printf("%d throws by %d ranks%s\n", BATCHES * THROWS, size, wrong ? ", counted WRONG" : "");
    }
    MPI_Win_free(&bins);
    MPI_Win_free(&work);
    MPI_Finalize();
    return wrong;
}
