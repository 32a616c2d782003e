/*
 * Short calls of many kinds, one after the other, while a rank dies at a random moment: after so many
 * microseconds as the first argument says; the second names it. The others revoke what they use, make a
 * communicator of themselves and go on, until the first of them says that it is over.
 */
#include <mpi-ext.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

static void die(int sig) {
    (void)sig;
    kill(getpid(), SIGKILL);
}

static int failure(int rc) {
    int class;
    MPI_Error_class(rc, &class);
    if (class == MPIX_ERR_PROC_FAILED || class == MPIX_ERR_REVOKED || class == MPI_ERR_IN_STATUS) return 1;
    char text[MPI_MAX_ERROR_STRING];
    int n;
    MPI_Error_string(rc, text, &n);
    printf("unexpected: %s\n", text);
    MPI_Abort(MPI_COMM_WORLD, 99);
    return 0;
}

#define TRY(call) \
    do { \
        if ((rc = (call)) != MPI_SUCCESS) return rc; \
    } while (0)

/* turn makes the calls once and checks what they give. */
static int turn(MPI_Comm c, int stop, int *over) {
    int rc, rank, size, sum, v, w, all[64];
    MPI_Request q[2];
    MPI_Comm_rank(c, &rank);
    MPI_Comm_size(c, &size);
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    TRY(MPI_Allreduce(&stop, over, 1, MPI_INT, MPI_MAX, c));
    if (*over) return MPI_SUCCESS;
    TRY(MPI_Irecv(&v, 1, MPI_INT, before, 1, c, &q[0]));
    TRY(MPI_Isend(&rank, 1, MPI_INT, next, 1, c, &q[1]));
    TRY(MPI_Waitall(2, q, MPI_STATUSES_IGNORE));
    if (v != before) MPI_Abort(c, 98);
    TRY(MPI_Barrier(c));
    if (rank == 0) {
        TRY(MPI_Send(&rank, 1, MPI_INT, next, 2, c));
        TRY(MPI_Recv(&w, 1, MPI_INT, before, 2, c, MPI_STATUS_IGNORE));
    } else {
        TRY(MPI_Recv(&w, 1, MPI_INT, before, 2, c, MPI_STATUS_IGNORE));
        w++;
        TRY(MPI_Send(&w, 1, MPI_INT, next, 2, c));
    }
    v = rank == size - 1 ? 77 : 0;
    TRY(MPI_Bcast(&v, 1, MPI_INT, size - 1, c));
    if (v != 77) MPI_Abort(c, 97);
    TRY(MPI_Allreduce(&rank, &sum, 1, MPI_INT, MPI_SUM, c));
    if (sum != size * (size - 1) / 2) MPI_Abort(c, 96);
    TRY(MPI_Allgather(&rank, 1, MPI_INT, all, 1, MPI_INT, c));
    TRY(MPI_Reduce(&rank, &sum, 1, MPI_INT, MPI_MAX, 0, c));
    return MPI_SUCCESS;
}

/* rebuild makes the communicator of those who are left; the tag is the number of those who are not. */
static MPI_Comm rebuild(void) {
    for (;;) {
        MPI_Group failed, world, rest;
        MPI_Comm c;
        int n, rc;
        MPIX_Comm_get_failed(MPI_COMM_WORLD, &failed);
        MPI_Group_size(failed, &n);
        MPI_Comm_group(MPI_COMM_WORLD, &world);
        MPI_Group_difference(world, failed, &rest);
        rc = MPI_Comm_create_group(MPI_COMM_WORLD, rest, n, &c);
        MPI_Group_free(&world);
        MPI_Group_free(&rest);
        if (n) MPI_Group_free(&failed);
        if (rc == MPI_SUCCESS) return c;
        failure(rc);
    }
}

int main(int argc, char **argv) {
    long us = atol(argv[1]);
    if (atoi(getenv("RAIN_RANK")) == atoi(argv[2])) {
        struct itimerval t = {.it_value = {us / 1000000, us % 1000000}};
        signal(SIGALRM, die);
        setitimer(ITIMER_REAL, &t, NULL);
    }
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    double start = MPI_Wtime(), limit = us / 1e6 + 0.3;
    for (int over = 0; !over;) {
        MPI_Comm c = rebuild();
        int rank, size, rc = MPI_SUCCESS;
        MPI_Comm_set_errhandler(c, MPI_ERRORS_RETURN);
        MPI_Comm_rank(c, &rank);
        MPI_Comm_size(c, &size);
        while (rc == MPI_SUCCESS && !over) rc = turn(c, rank == 0 && MPI_Wtime() - start > limit, &over);
        if (rc != MPI_SUCCESS) {
            failure(rc);
            MPIX_Comm_revoke(c);
        } else if (rank == 0) {
            printf("%d are left\n", size);
        }
        MPI_Comm_free(&c);
    }
    MPI_Finalize();
    return 0;
}
