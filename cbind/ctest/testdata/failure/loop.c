/*
 * Calls of many kinds, most of them short, one after the other, while a rank dies at a random moment: after so many
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

/* What exchange has under way: after a failure it is waited for, before its buffers are used again. */
static unsigned char out[300000], in[300000];
static MPI_Request begun[3] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL, MPI_REQUEST_NULL};

static unsigned char byte_of(int i, int source, int n) { return (unsigned char)(i + (i >> 8) * 7 + source + n); }

/* exchange sends a message of any length round the ring of ranks, receives from whoever comes, and takes a
   receive back. */
static int exchange(MPI_Comm c, int rank, int next, int before) {
    static const int lengths[] = {1, 100, 3000, 16384, 17000, 70000, (int)sizeof out};
    MPI_Status s[3];
    int rc, n = 1 + rand() % lengths[rand() % 7], got, cancelled;
    for (int i = 0; i < n; i++) out[i] = byte_of(i, rank, n);
    TRY(MPI_Irecv(in, sizeof in, MPI_BYTE, MPI_ANY_SOURCE, 5, c, &begun[0]));
    TRY(MPI_Irecv(&got, 1, MPI_INT, before, 6, c, &begun[1]));
    if (rand() % 2) TRY(MPI_Isend(out, n, MPI_BYTE, next, 5, c, &begun[2]));
    else TRY(MPI_Issend(out, n, MPI_BYTE, next, 5, c, &begun[2]));
    TRY(MPI_Cancel(&begun[1]));
    TRY(MPI_Waitall(3, begun, s));
    MPI_Test_cancelled(&s[1], &cancelled);
    MPI_Get_count(&s[0], MPI_BYTE, &n);
    if (s[0].MPI_SOURCE != before || !cancelled) MPI_Abort(c, 95);
    for (int i = 0; i < n; i++)
        if (in[i] != byte_of(i, before, n)) MPI_Abort(c, 94);
    return MPI_SUCCESS;
}

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
    TRY(exchange(c, rank, next, before));
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
    srand((unsigned)us + 1000003u * (unsigned)atoi(getenv("RAIN_RANK")));
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
            while (MPI_Waitall(3, begun, MPI_STATUSES_IGNORE) != MPI_SUCCESS) {}
        } else if (rank == 0) {
            printf("%d are left\n", size);
        }
        MPI_Comm_free(&c);
    }
    MPI_Finalize();
    return 0;
}
