/*
 * Rank 0 revokes a communicator in which the others wait for it in different ways, in different
 * communicators of the same processes; nobody dies.
 */
#include <mpi-ext.h>
#include <mpi.h>
#include <stdio.h>
#include <unistd.h>

static int rank, size, wrong;

static void want(const char *what, int rc, int class) {
    int got;
    MPI_Error_class(rc, &got);
    if (got != class) printf("rank %d: %s gives class %d, want %d\n", rank, what, got, class), wrong = 1;
}

int main(int argc, char **argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    static double big[100000], sum[100000];
    for (int way = 0; way < 9; way++) {
        MPI_Comm c;
        MPI_Request q;
        int v = 0, u = 0, rc = 0, flag = -1;
        MPI_Comm_dup(MPI_COMM_WORLD, &c);
        MPI_Comm_set_errhandler(c, MPI_ERRORS_RETURN);
        want("is_revoked", MPIX_Comm_is_revoked(c, &flag), MPI_SUCCESS);
        if (flag) printf("rank %d: revoked from the start\n", rank), wrong = 1;
        if (way == 6) MPI_Recv_init(&v, 1, MPI_INT, 0, 0, c, &q);
        MPI_Barrier(c);
        if (rank == 0) {
            usleep(20000);
            want("revoke", MPIX_Comm_revoke(c), MPI_SUCCESS);
            want("a second revoke", MPIX_Comm_revoke(c), MPI_SUCCESS);
            rc = MPI_Send(&v, 1, MPI_INT, size - 1, 0, c);
        } else if (way == 0) {
            rc = MPI_Recv(&v, 1, MPI_INT, 0, 0, c, MPI_STATUS_IGNORE);
        } else if (way == 1) {
            rc = MPI_Recv(&v, 1, MPI_INT, MPI_ANY_SOURCE, 0, c, MPI_STATUS_IGNORE);
        } else if (way == 2) {
            rc = MPI_Barrier(c);
        } else if (way == 3) {
            rc = MPI_Allreduce(big, sum, 100000, MPI_DOUBLE, MPI_SUM, c);
        } else if (way == 4) {
            MPI_Ibarrier(c, &q);
            rc = MPI_Wait(&q, MPI_STATUS_IGNORE);
        } else if (way == 5) {
            rc = MPI_Ssend(&v, 1, MPI_INT, 0, 0, c);
        } else if (way == 6) {
            MPI_Start(&q);
            rc = MPI_Wait(&q, MPI_STATUS_IGNORE);
        } else if (way == 7) {
            rc = MPI_Send(big, 100000, MPI_DOUBLE, 0, 0, c);
        } else {
            rc = MPI_Probe(0, 0, c, MPI_STATUS_IGNORE);
        }
        want("the call that waited", rc, MPIX_ERR_REVOKED);
        if (way == 6) MPI_Request_free(&q);
        want("is_revoked", MPIX_Comm_is_revoked(c, &flag), MPI_SUCCESS);
        if (!flag) printf("rank %d: not revoked\n", rank), wrong = 1;
        want("a later send", MPI_Send(&v, 1, MPI_INT, (rank + 1) % size, 0, c), MPIX_ERR_REVOKED);
        want("a later allreduce", MPI_Allreduce(&v, &u, 1, MPI_INT, MPI_SUM, c), MPIX_ERR_REVOKED);
        want("a later iallreduce", MPI_Iallreduce(&v, &u, 1, MPI_INT, MPI_SUM, c, &q) ? MPIX_ERR_REVOKED : MPI_Wait(&q, MPI_STATUS_IGNORE), MPIX_ERR_REVOKED);
        MPI_Comm_free(&c);
        /* The world is as it was. */
        MPI_Allreduce(&rank, &u, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
        if (u != size * (size - 1) / 2) printf("rank %d: the sum is %d\n", rank, u), wrong = 1;
    }
    MPI_Finalize();
    if (!wrong) printf("rank %d is right\n", rank);
    return wrong;
}
