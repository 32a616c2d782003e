/* A process that only uses sessions leaves its job at its end. */
#include "check.h"

int main(void) {
    for (int round = 0; round < 2; round++) {
        MPI_Session s;
        MPI_Group g;
        MPI_Comm c;
        int rank, size, from = -1;
        OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &s));
        OK(MPI_Group_from_session_pset(s, "mpi://WORLD", &g));
        OK(MPI_Comm_create_from_group(g, "ring", MPI_INFO_NULL, MPI_ERRORS_ARE_FATAL, &c));
        OK(MPI_Comm_rank(c, &rank));
        OK(MPI_Comm_size(c, &size));
        OK(MPI_Sendrecv(&rank, 1, MPI_INT, (rank + 1) % size, 0, &from, 1, MPI_INT, (rank + size - 1) % size, 0, c,
                        MPI_STATUS_IGNORE));
        CHECK(from == (rank + size - 1) % size);
        OK(MPI_Group_free(&g));
        OK(MPI_Comm_disconnect(&c));
        OK(MPI_Session_finalize(&s));
    }
    int flag;
    OK(MPI_Initialized(&flag));
    CHECK(!flag);
    return 0;
}
