/*
 * A random sequence, the same at all ranks, of what takes different ways inside a host and must keep
 * one order: flat collectives and longer ones, nonblocking ones, messages with wildcards, requests of
 * all kinds, and communicators that are made and freed. Every result is checked.
 *
 * Usage: mixed [seed [steps [threads]]]; with threads each has a communicator of its own.
 */
#include <mpi.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

enum { COMMS = 5, PENDING = 6, MOST = 300 };

typedef struct {
    uint64_t random;
    MPI_Comm comm[COMMS];
    MPI_Request request[PENDING]; /* iallreduce, and its result */
    int64_t in[PENDING][MOST], out[PENDING][MOST];
    int count[PENDING], ranks[PENDING];
    int steps;
} state;

static int below(state *s, int n) {
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return (int)((s->random >> 33) % (uint64_t)n);
}

/* value is what a rank gives as element i of step k. */
static int64_t value(int rank, int step, int i) { return (int64_t)rank * 1000003 + step * 7919 + i; }

static int64_t sum(int ranks, int step, int i) {
    return (int64_t)ranks * (ranks - 1) / 2 * 1000003 + ranks * (int64_t)(step * 7919 + i);
}

/* n elements as one of a derived datatype: the way must not depend on that. */
static MPI_Datatype derived(int n, int *count) {
    MPI_Datatype t;
    OK(MPI_Type_contiguous(n, MPI_INT64_T, &t));
    OK(MPI_Type_commit(&t));
    *count = 1;
    return t;
}

static void reduction(state *s, MPI_Comm c, int rank, int size, int k) {
    int64_t in[MOST], out[MOST];
    int n = 1 + below(s, below(s, 2) ? 8 : MOST), root = below(s, size), odd = below(s, size), all = below(s, 3), count = n;
    MPI_Datatype t = MPI_INT64_T;
    if (odd == 0) t = derived(n, &count); /* "the same arguments for count, datatype" (MPI 5.0, 6.9.1) */
    for (int i = 0; i < n; i++) in[i] = out[i] = value(rank, k, i);
    int in_place = (rank + k) % 3 == 0;
    if (all) OK(MPI_Allreduce(in_place ? MPI_IN_PLACE : in, out, count, t, MPI_SUM, c));
    else OK(MPI_Reduce(in_place && rank == root ? MPI_IN_PLACE : in, out, count, t, MPI_SUM, root, c));
    if (all || rank == root)
        for (int i = 0; i < n; i++) CHECK(out[i] == sum(size, k, i));
    if (t != MPI_INT64_T) OK(MPI_Type_free(&t));
}

static void broadcast(state *s, MPI_Comm c, int rank, int size, int k) {
    int64_t b[MOST];
    int n = 1 + below(s, below(s, 2) ? 8 : MOST), root = below(s, size), odd = below(s, size), times = 1 + below(s, 4);
    for (int j = 0; j < times; j++) { /* in a row: the root runs ahead */
        int count = n;
        MPI_Datatype t = MPI_INT64_T;
        if (rank == odd && n > 1) t = derived(n, &count);
        for (int i = 0; i < n; i++) b[i] = rank == root ? value(root, k + j, i) : -1;
        OK(MPI_Bcast(b, count, t, root, c));
        for (int i = 0; i < n; i++) CHECK(b[i] == value(root, k + j, i));
        if (t != MPI_INT64_T) OK(MPI_Type_free(&t));
    }
}

static void blocks(state *s, MPI_Comm c, int rank, int size, int k) {
    static __thread int64_t in[64 * 64], out[64 * 64];
    int n = 1 + below(s, below(s, 2) ? 2 : 64);
    if (below(s, 2)) {
        for (int i = 0; i < n; i++) in[i] = out[rank * n + i] = value(rank, k, i);
        OK(MPI_Allgather((rank + k) % 3 ? in : MPI_IN_PLACE, n, MPI_INT64_T, out, n, MPI_INT64_T, c));
        for (int r = 0; r < size; r++)
            for (int i = 0; i < n; i++) CHECK(out[r * n + i] == value(r, k, i));
        return;
    }
    for (int r = 0; r < size; r++)
        for (int i = 0; i < n; i++) in[r * n + i] = value(rank, k, r * 100 + i);
    OK(MPI_Alltoall(in, n, MPI_INT64_T, out, n, MPI_INT64_T, c));
    for (int r = 0; r < size; r++)
        for (int i = 0; i < n; i++) CHECK(out[r * n + i] == value(r, k, rank * 100 + i));
}

/* finish ends a nonblocking reduction. */
static void finish(state *s, int i) {
    if (s->request[i] == MPI_REQUEST_NULL) return;
    OK(MPI_Wait(&s->request[i], MPI_STATUS_IGNORE));
    for (int j = 0; j < s->count[i]; j++) CHECK(s->out[i][j] == s->in[i][j] * s->ranks[i]);
}

/* begin starts one; all ranks give the same. */
static void begin(state *s, MPI_Comm c, int size, int k) {
    int i = below(s, PENDING);
    finish(s, i);
    s->count[i] = 1 + below(s, MOST);
    s->ranks[i] = size;
    for (int j = 0; j < s->count[i]; j++) s->in[i][j] = value(1, k, j);
    OK(MPI_Iallreduce(s->in[i], s->out[i], s->count[i], MPI_INT64_T, MPI_SUM, c, &s->request[i]));
}

static void check_message(const int64_t *b, const MPI_Status *st, int tag, int k) {
    int n;
    CHECK(st->MPI_TAG == tag);
    OK(MPI_Get_count(st, MPI_INT64_T, &n));
    CHECK(n == 1 + (st->MPI_SOURCE * 37 + k * 11) % MOST || n == 1 + (st->MPI_SOURCE + k) % 4);
    for (int i = 0; i < n; i++) CHECK(b[i] == value(st->MPI_SOURCE, k, i));
}

/* messages: everybody sends to some others and receives as many, by name or from any, in order. */
static void messages(state *s, MPI_Comm c, int rank, int size, int k) {
    static __thread int64_t out[MOST], in[8][MOST];
    MPI_Request send[8], recv[8];
    MPI_Status st[8];
    int hops = 1 + below(s, 4), by_name = below(s, 3), how = below(s, 4), tag = 7 + k % 5, longer = below(s, 3) == 0;
    int n = longer ? 1 + (rank * 37 + k * 11) % MOST : 1 + (rank + k) % 4;
    for (int i = 0; i < n; i++) out[i] = value(rank, k, i);
    for (int h = 0; h < hops; h++) {
        int to = (rank + 1 + h) % size;
        if (how == 0) OK(MPI_Isend(out, n, MPI_INT64_T, to, tag, c, &send[h]));
        int from = by_name ? (rank - 1 - h + size * 4) % size : MPI_ANY_SOURCE;
        OK(MPI_Irecv(in[h], MOST, MPI_INT64_T, from, by_name == 2 ? MPI_ANY_TAG : tag, c, &recv[h]));
        if (how == 1) OK(MPI_Isend(out, n, MPI_INT64_T, to, tag, c, &send[h]));
        if (how >= 2) send[h] = MPI_REQUEST_NULL;
    }
    if (how >= 2)
        for (int h = 0; h < hops; h++)
            OK(how == 2 ? MPI_Send(out, n, MPI_INT64_T, (rank + 1 + h) % size, tag, c) : MPI_Ssend(out, n, MPI_INT64_T, (rank + 1 + h) % size, tag, c));
    switch (below(s, 4)) {
    case 0: OK(MPI_Waitall(hops, recv, st)); break;
    case 1:
        for (int h = 0; h < hops; h++) {
            int flag = 0;
            while (!flag) OK(MPI_Request_get_status(recv[h], &flag, &st[h]));
            flag = 0;
            while (!flag) OK(MPI_Test(&recv[h], &flag, &st[h]));
        }
        break;
    case 2:
        for (int left = hops; left > 0; left--) {
            int i;
            MPI_Status one;
            OK(MPI_Waitany(hops, recv, &i, &one));
            CHECK(i >= 0 && i < hops && recv[i] == MPI_REQUEST_NULL);
            st[i] = one;
        }
        break;
    case 3:
        for (int h = 0; h < hops; h++) OK(MPI_Wait(&recv[h], &st[h]));
    }
    for (int h = 0; h < hops; h++) check_message(in[h], &st[h], tag, k);
    if (how < 2 && below(s, 2)) OK(MPI_Waitall(hops, send, MPI_STATUSES_IGNORE));
    else
        for (int h = 0; h < hops; h++)
            if (send[h] != MPI_REQUEST_NULL) OK(n > 64 ? MPI_Wait(&send[h], MPI_STATUS_IGNORE) : MPI_Request_free(&send[h]));
    OK(MPI_Barrier(c)); /* the next one's wildcards must not take ours; and out is used again */
}

/* chain: blocking receives that nobody has posted before, of what may come or be there. */
static void chain(state *s, MPI_Comm c, int rank, int size, int k) {
    int64_t b[MOST];
    MPI_Status st;
    int first = below(s, size), n = 1 + (rank + k) % 4, probes = below(s, 2);
    if (size == 1) return;
    for (int i = 0; i < MOST; i++) b[i] = value(rank, k, i);
    if (rank == first) OK(MPI_Send(b, n, MPI_INT64_T, (rank + 1) % size, 3, c));
    int from = (rank + size - 1) % size;
    if (probes) OK(MPI_Probe(from, 3, c, &st));
    OK(MPI_Recv(b, MOST, MPI_INT64_T, from, MPI_ANY_TAG, c, &st));
    CHECK(st.MPI_SOURCE == from);
    check_message(b, &st, 3, k);
    for (int i = 0; i < n; i++) b[i] = value(rank, k, i);
    if (rank != first) OK(MPI_Send(b, n, MPI_INT64_T, (rank + 1) % size, 3, c));
}

/* change makes or frees a communicator. */
static void change(state *s) {
    int i = 1 + below(s, COMMS - 1), from = below(s, i), how = below(s, 3), rank;
    if (s->comm[i] != MPI_COMM_NULL) {
        for (int j = 0; j < PENDING; j++) finish(s, j);
        OK(MPI_Comm_free(&s->comm[i]));
        return;
    }
    if (s->comm[from] == MPI_COMM_NULL) return;
    OK(MPI_Comm_rank(s->comm[from], &rank));
    if (how == 0) OK(MPI_Comm_dup(s->comm[from], &s->comm[i]));
    if (how == 1) OK(MPI_Comm_split(s->comm[from], 0, -rank, &s->comm[i]));
    if (how == 2) {
        MPI_Request r;
        OK(MPI_Comm_idup(s->comm[from], &s->comm[i], &r));
        OK(MPI_Barrier(s->comm[from]));
        OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    }
}

static void *run(void *arg) {
    state *s = arg;
    for (int k = 0; k < s->steps; k++) {
        int rank, size;
        MPI_Comm c = s->comm[below(s, COMMS)];
        if (c == MPI_COMM_NULL) c = s->comm[0];
        OK(MPI_Comm_rank(c, &rank));
        OK(MPI_Comm_size(c, &size));
        switch (below(s, 9)) {
        case 0: OK(MPI_Barrier(c)); break;
        case 1:
        case 2: reduction(s, c, rank, size, k); break;
        case 3: broadcast(s, c, rank, size, k); break;
        case 4: blocks(s, c, rank, size, k); break;
        case 5: begin(s, c, size, k); break;
        case 6: messages(s, c, rank, size, k); break;
        case 7: chain(s, c, rank, size, k); break;
        case 8: change(s); break;
        }
    }
    for (int i = 0; i < PENDING; i++) finish(s, i);
    for (int i = 1; i < COMMS; i++)
        if (s->comm[i] != MPI_COMM_NULL) OK(MPI_Comm_free(&s->comm[i]));
    return NULL;
}

int main(int argc, char **argv) {
    int provided, threads = argc > 3 ? atoi(argv[3]) : 1;
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE && threads >= 1 && threads <= 8);
    static state states[8];
    pthread_t thread[8];
    for (int i = 0; i < threads; i++) {
        state *s = &states[i];
        s->random = (uint64_t)(argc > 1 ? atoi(argv[1]) : 1) * 1000 + (uint64_t)i;
        s->steps = argc > 2 ? atoi(argv[2]) : 300;
        OK(MPI_Comm_dup(MPI_COMM_WORLD, &s->comm[0]));
        for (int j = 1; j < COMMS; j++) s->comm[j] = MPI_COMM_NULL;
        for (int j = 0; j < PENDING; j++) s->request[j] = MPI_REQUEST_NULL;
    }
    for (int i = 1; i < threads; i++) CHECK(pthread_create(&thread[i], NULL, run, &states[i]) == 0);
    run(&states[0]);
    for (int i = 1; i < threads; i++) CHECK(pthread_join(thread[i], NULL) == 0);
    for (int i = 0; i < threads; i++) OK(MPI_Comm_free(&states[i].comm[0]));
    OK(MPI_Finalize());
    return 0;
}
