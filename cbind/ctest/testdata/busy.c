/* Who receives short messages only, as fast as they come, does for others what there is to do: rank 2 asks rank 0 for a long one. */
#include <mpi.h>
#include <stdint.h>
#include <stdlib.h>

#include "check.h"

enum { LENGTH = 40000, SHORT = 0, LAST = 1, LONG = 5, HAVE = 7 };

static void receives(void) {
    int64_t one, *numbers = calloc(2 * LENGTH, sizeof *numbers);
    MPI_Datatype strided;
    MPI_Request r;
    MPI_Status s = {.MPI_TAG = SHORT};
    OK(MPI_Type_vector(LENGTH, 1, 2, MPI_INT64_T, &strided));
    OK(MPI_Type_commit(&strided));
    for (int i = 0; i < LENGTH; i++) numbers[2 * i] = i;
    OK(MPI_Isend(numbers, 1, strided, 2, LONG, MPI_COMM_WORLD, &r));
    for (int i = 0; s.MPI_TAG != LAST; i++) {
        if (i % 2) {
            OK(MPI_Recv(&one, 1, MPI_INT64_T, 1, MPI_ANY_TAG, MPI_COMM_WORLD, &s));
        } else {
            MPI_Request short_one;
            OK(MPI_Irecv(&one, 1, MPI_INT64_T, 1, MPI_ANY_TAG, MPI_COMM_WORLD, &short_one));
            OK(MPI_Wait(&short_one, &s));
        }
        for (double start = MPI_Wtime(); MPI_Wtime() < start + 3e-6;) continue; /* so that the next one is there */
    }
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Type_free(&strided));
    free(numbers);
}

static void sends(void) {
    int64_t one = 1;
    int told = 0;
    for (double start = MPI_Wtime(); !told;) {
        OK(MPI_Send(&one, 1, MPI_INT64_T, 0, SHORT, MPI_COMM_WORLD));
        OK(MPI_Iprobe(2, HAVE, MPI_COMM_WORLD, &told, MPI_STATUS_IGNORE));
        CHECK(MPI_Wtime() < start + 20);
    }
    OK(MPI_Send(&one, 1, MPI_INT64_T, 0, LAST, MPI_COMM_WORLD));
    OK(MPI_Recv(&one, 1, MPI_INT64_T, 2, HAVE, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
}

static void waits(void) {
    int64_t *numbers = malloc(LENGTH * sizeof *numbers);
    OK(MPI_Recv(numbers, LENGTH, MPI_INT64_T, 0, LONG, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    for (int i = 0; i < LENGTH; i++) CHECK(numbers[i] == i);
    OK(MPI_Send(numbers, 1, MPI_INT64_T, 1, HAVE, MPI_COMM_WORLD));
    free(numbers);
}

int main(int argc, char **argv) {
    int rank, size;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    if (size >= 3 && rank == 0) receives();
    if (size >= 3 && rank == 1) sends();
    if (size >= 3 && rank == 2) waits();
    OK(MPI_Finalize());
    return 0;
}
