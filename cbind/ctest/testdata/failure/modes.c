/*
 * The last rank dies while the others are in the call that the first argument names. Each must get the
 * right error class from it, and end in order.
 */
#include <mpi-ext.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int rank, size, victim, wrong;
static double big[100000], sum[100000];

static void want(const char *what, int rc, int class) {
    int got;
    MPI_Error_class(rc, &got);
    if (got == class) return;
    char text[MPI_MAX_ERROR_STRING];
    int n;
    MPI_Error_string(rc, text, &n);
    printf("rank %d: %s gives class %d (%s), want %d\n", rank, what, got, text, class);
    wrong = 1;
}

static void die(void) {
    usleep(50000); /* the others are waiting then */
    raise(SIGKILL);
}

/* after makes the calls that come later: nothing is sent to the dead, nothing hangs. */
static void after(void) {
    int v = 1, k = -1;
    want("a later send", MPI_Send(&v, 1, MPI_INT, victim, 9, MPI_COMM_WORLD), MPIX_ERR_PROC_FAILED);
    want("a later large send", MPI_Ssend(big, 100000, MPI_DOUBLE, victim, 9, MPI_COMM_WORLD), MPIX_ERR_PROC_FAILED);
    want("a later receive", MPI_Recv(&v, 1, MPI_INT, victim, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPIX_ERR_PROC_FAILED);
    want("a later probe", MPI_Probe(victim, 9, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPIX_ERR_PROC_FAILED);
    want("a later barrier", MPI_Barrier(MPI_COMM_WORLD), MPIX_ERR_PROC_FAILED);
    want("a later allreduce", MPI_Allreduce(&v, &k, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD), MPIX_ERR_PROC_FAILED);
    MPI_Comm dup;
    want("a later dup", MPI_Comm_dup(MPI_COMM_WORLD, &dup), MPIX_ERR_PROC_FAILED);

    MPI_Group failed, world;
    int zero = 0, at;
    want("get_failed", MPIX_Comm_get_failed(MPI_COMM_WORLD, &failed), MPI_SUCCESS);
    MPI_Group_size(failed, &k);
    MPI_Comm_group(MPI_COMM_WORLD, &world);
    MPI_Group_translate_ranks(failed, 1, &zero, world, &at);
    if (k != 1 || at != victim) printf("rank %d: %d have failed, the first is rank %d\n", rank, k, at), wrong = 1;

    /* Those who are left make a communicator, and all works there. */
    MPI_Group rest;
    MPI_Comm left;
    MPI_Group_difference(world, failed, &rest);
    want("create_group", MPI_Comm_create_group(MPI_COMM_WORLD, rest, 1, &left), MPI_SUCCESS);
    v = rank + 1;
    want("an allreduce of those who are left", MPI_Allreduce(&v, &k, 1, MPI_INT, MPI_SUM, left), MPI_SUCCESS);
    if (k != size * (size - 1) / 2) printf("rank %d: the sum is %d\n", rank, k), wrong = 1;
    int next = (rank + 1) % (size - 1), before = (rank + size - 2) % (size - 1);
    want("a message between those who are left",
         MPI_Sendrecv(&v, 1, MPI_INT, next, 3, &k, 1, MPI_INT, before, 3, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPI_SUCCESS);
    if (k != before + 1) printf("rank %d: got %d from rank %d\n", rank, k, before), wrong = 1;
    MPI_Comm_free(&left);
}

static int any_source(int first) {
    MPI_Request q;
    int v = -1, x = 5, k = -1;
    MPI_Irecv(&v, 1, MPI_INT, MPI_ANY_SOURCE, 4, MPI_COMM_WORLD, &q);
    want("a wait for any source", MPI_Wait(&q, MPI_STATUS_IGNORE), first);
    if (q == MPI_REQUEST_NULL) printf("rank %d: the request is gone\n", rank), wrong = 1;
    int flag, index;
    MPI_Status s;
    want("a test", MPI_Test(&q, &flag, MPI_STATUS_IGNORE), first);
    want("a waitany", MPI_Waitany(1, &q, &index, MPI_STATUS_IGNORE), first);
    want("a waitall", MPI_Waitall(1, &q, &s), MPI_ERR_IN_STATUS);
    want("its status", s.MPI_ERROR, first);
    want("a blocking receive", MPI_Recv(&x, 1, MPI_INT, MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPIX_ERR_PROC_FAILED);
    want("a probe", MPI_Probe(MPI_ANY_SOURCE, 5, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPIX_ERR_PROC_FAILED);
    want("ack_failed of none", MPIX_Comm_ack_failed(MPI_COMM_WORLD, 0, &k), MPI_SUCCESS);
    if (k != 0) printf("rank %d: %d of 0 are acknowledged\n", rank, k), wrong = 1;
    want("ack_failed", MPIX_Comm_ack_failed(MPI_COMM_WORLD, size, &k), MPI_SUCCESS);
    if (k != 1) printf("rank %d: %d are acknowledged\n", rank, k), wrong = 1;
    want("a test after that", MPI_Test(&q, &flag, MPI_STATUS_IGNORE), MPI_SUCCESS);
    if (flag) printf("rank %d: the receive is over without a message\n", rank), wrong = 1;
    int next = (rank + 1) % (size - 1), before = (rank + size - 2) % (size - 1);
    MPI_Sendrecv(&rank, 1, MPI_INT, before, 6, &k, 1, MPI_INT, next, 6, MPI_COMM_WORLD, MPI_STATUS_IGNORE); /* next is as far */
    x = 6;
    MPI_Send(&x, 1, MPI_INT, next, 4, MPI_COMM_WORLD);
    int rc = MPI_Wait(&q, MPI_STATUS_IGNORE);
    if (v != 6) printf("rank %d: got %d\n", rank, v), wrong = 1;
    return rc;
}

static int window(void) {
    MPI_Win w;
    int *base;
    MPI_Win_allocate(sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &base, &w);
    MPI_Win_set_errhandler(w, MPI_ERRORS_RETURN);
    if (rank == victim) die();
    return MPI_Win_fence(0, w);
}

int main(int argc, char **argv) {
    const char *mode = argc > 1 ? argv[1] : "";
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    victim = size - 1;
    MPI_Request q[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    int v = 0, u = 0, rc, class = MPIX_ERR_PROC_FAILED;
    if (strcmp(mode, "kept") == 0) { /* persistent requests are made before */
        MPI_Recv_init(&v, 1, MPI_INT, victim, 0, MPI_COMM_WORLD, &q[0]);
        MPI_Allreduce_init(big, sum, 1000, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, MPI_INFO_NULL, &q[1]);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (strcmp(mode, "sent") == 0 && rank == victim)
        for (int i = 0; i < victim; i++) MPI_Send(&rank, 1, MPI_INT, i, 0, MPI_COMM_WORLD);
    if (strcmp(mode, "exit") == 0 && rank == victim) exit(0);
    if (rank == victim && strcmp(mode, "window")) die();
    if (strcmp(mode, "recv") == 0 || strcmp(mode, "exit") == 0) {
        rc = MPI_Recv(&v, 1, MPI_INT, victim, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (strcmp(mode, "irecv") == 0) {
        MPI_Status s[2];
        MPI_Irecv(&v, 1, MPI_INT, victim, 0, MPI_COMM_WORLD, &q[0]);
        MPI_Irecv(&u, 1, MPI_INT, victim, 1, MPI_COMM_WORLD, &q[1]);
        want("a waitall", MPI_Waitall(2, q, s), MPI_ERR_IN_STATUS);
        want("the other status", s[1].MPI_ERROR, class);
        rc = s[0].MPI_ERROR;
    } else if (strcmp(mode, "ssend") == 0) {
        rc = MPI_Ssend(&v, 1, MPI_INT, victim, 0, MPI_COMM_WORLD);
    } else if (strcmp(mode, "rendezvous") == 0) {
        rc = MPI_Send(big, 100000, MPI_DOUBLE, victim, 0, MPI_COMM_WORLD);
    } else if (strcmp(mode, "flood") == 0) { /* until the ring, or what may be under way, is full */
        for (rc = 0; rc == 0;) rc = MPI_Send(big, 1000, MPI_DOUBLE, victim, 0, MPI_COMM_WORLD);
    } else if (strcmp(mode, "sendrecv") == 0) {
        rc = MPI_Sendrecv(big, 1000, MPI_DOUBLE, victim, 0, sum, 1000, MPI_DOUBLE, victim, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (strcmp(mode, "sent") == 0) {
        want("what it had sent", MPI_Recv(&v, 1, MPI_INT, victim, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE), MPI_SUCCESS);
        if (v != victim) printf("rank %d: got %d\n", rank, v), wrong = 1;
        rc = MPI_Recv(&v, 1, MPI_INT, victim, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (strcmp(mode, "probe") == 0) {
        rc = MPI_Probe(victim, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (strcmp(mode, "any") == 0) {
        rc = MPI_Recv(&v, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    } else if (strcmp(mode, "iany") == 0) {
        rc = any_source(MPIX_ERR_PROC_FAILED_PENDING);
        class = MPI_SUCCESS;
    } else if (strcmp(mode, "barrier") == 0) {
        rc = MPI_Barrier(MPI_COMM_WORLD);
    } else if (strcmp(mode, "bcast") == 0) {
        rc = MPI_Bcast(&v, 1, MPI_INT, victim, MPI_COMM_WORLD);
    } else if (strcmp(mode, "allreduce") == 0) {
        rc = MPI_Allreduce(&v, &u, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    } else if (strcmp(mode, "long") == 0) {
        rc = MPI_Allreduce(big, sum, 100000, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    } else if (strcmp(mode, "iallreduce") == 0) {
        MPI_Iallreduce(big, sum, 1000, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD, &q[0]);
        rc = MPI_Wait(&q[0], MPI_STATUS_IGNORE);
    } else if (strcmp(mode, "kept") == 0) {
        MPI_Status s[2];
        MPI_Startall(2, q);
        want("a waitall", MPI_Waitall(2, q, s), MPI_ERR_IN_STATUS);
        want("the collective", s[1].MPI_ERROR, class);
        rc = s[0].MPI_ERROR;
        MPI_Start(&q[1]);
        want("the collective, once more", MPI_Wait(&q[1], MPI_STATUS_IGNORE), class);
        MPI_Request_free(&q[0]);
        MPI_Request_free(&q[1]);
    } else if (strcmp(mode, "window") == 0) {
        rc = window();
    } else {
        printf("mode %s is not known\n", mode);
        return 1;
    }
    want(mode, rc, class);
    after();
    MPI_Finalize();
    if (!wrong) printf("rank %d is right\n", rank);
    return wrong;
}
