/* One job with ranks in C and in Go, which run testdata/gorank: both take the same ways. */
#include <mpi.h>
#include <stdint.h>

#include "check.h"

int main(int argc, char **argv) {
    int rank, size;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    CHECK(size <= 64);
    MPI_Comm dup;
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &dup));
    for (int i = 0; i < 300; i++) {
        double one = rank + i, sum = -1;
        int64_t b[2] = {i, 2 * i}, out[64], in[64], message = -1;
        MPI_Comm c = i % 3 ? MPI_COMM_WORLD : dup;
        OK(MPI_Allreduce(&one, &sum, 1, MPI_DOUBLE, MPI_SUM, c));
        CHECK(sum == size * (size - 1) / 2 + (double)size * i);
        if (rank != i % size) b[0] = b[1] = -1;
        OK(MPI_Bcast(b, 2, MPI_INT64_T, i % size, c));
        CHECK(b[0] == i && b[1] == 2 * i);
        for (int r = 0; r < size; r++) out[r] = rank * 1000 + r + i;
        OK(MPI_Alltoall(out, 1, MPI_INT64_T, in, 1, MPI_INT64_T, c));
        for (int r = 0; r < size; r++) CHECK(in[r] == r * 1000 + rank + i);
        OK(MPI_Sendrecv(&out[0], 1, MPI_INT64_T, (rank + 1) % size, i, &message, 1, MPI_INT64_T, (rank + size - 1) % size, i, c, MPI_STATUS_IGNORE));
        CHECK(message == (rank + size - 1) % size * 1000 + i);
        OK(MPI_Barrier(c));
    }
    OK(MPI_Comm_free(&dup));
    OK(MPI_Finalize());
    return 0;
}
