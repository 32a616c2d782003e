/* Partitioned communication, and a communicator that is duplicated meanwhile. */
#include "check.h"

enum { PARTS = 16, EACH = 1000 };

int main(int argc, char **argv) {
    static double in[PARTS * EACH], out[PARTS * EACH];
    int rank, size, flag = 0, list[PARTS / 2];
    MPI_Request r[2], dup;
    MPI_Comm c;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Psend_init(out, PARTS, EACH, MPI_DOUBLE, (rank + 1) % size, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &r[0]));
    OK(MPI_Precv_init_c(in, 2, PARTS / 2 * EACH, MPI_DOUBLE, (rank + size - 1) % size, 5, MPI_COMM_WORLD, MPI_INFO_NULL, &r[1]));
    FAILS(MPI_ERR_REQUEST, MPI_Pready(0, r[0]));
    OK(MPI_Parrived(r[1], 0, &flag));
    CHECK(flag); /* of an inactive request */
    for (int round = 0; round < 3; round++) {
        OK(MPI_Startall(2, r));
        OK(MPI_Comm_idup(MPI_COMM_WORLD, &c, &dup));
        for (int i = 0; i < PARTS * EACH; i++) out[i] = i + rank + 100 * round;
        for (int i = 0; i < PARTS / 2; i++) list[i] = PARTS - 1 - i;
        OK(MPI_Pready_list(PARTS / 2, list, r[0]));
        for (flag = 0; !flag;) OK(MPI_Parrived(r[1], 1, &flag)); /* needs nothing of the lower half */
        OK(MPI_Pready_range(0, PARTS / 2 - 1, r[0]));
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        for (int i = 0; i < PARTS * EACH; i++) CHECK(in[i] == i + (rank + size - 1) % size + 100 * round);
        OK(MPI_Wait(&dup, MPI_STATUS_IGNORE));
        OK(MPI_Barrier(c));
        OK(MPI_Comm_free(&c));
    }
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
    OK(MPI_Finalize());
    return 0;
}
