/*
 * Small blocking collectives of ranks that share a host's memory, without a crossing: the twin of
 * mpi/flat.go, which has the protocol and its memory-order argument. C takes a call that Go would
 * make flat too, where buffers are plain; where they are not, Go takes the same call to the same
 * slots. What goes wrong on the way is left to Go as well, which ends what was begun here.
 */
#include <string.h>

#include "frame.h"
#include "_cgo_export.h"

rain_flat *rain_flats[RAIN_COMMS];
rain_flat *rain_flat_world;

/* Now and then a call makes progress, if there is work, even if it need not wait. */
enum { TURN = 64 };

/* A slot begins with its flag and with what names the call. */
typedef struct {
    uint32_t flag, sign;
    char data[];
} slot;

static slot *slot_of(rain_flat *t, uint32_t seq, uint32_t rank) {
    return (slot *)(t->slots + ((seq & 1) * t->n + rank) * RAIN_SLOT);
}

/* flat is the table of a communicator whose collectives of this kind are flat, else NULL. */
static rain_flat *flat(MPI_Comm comm, int collective) {
    rain_flat *t = rain_flat_world;
    if (comm != MPI_COMM_WORLD) {
        uintptr_t i = ((uintptr_t)comm - RAIN_FIRST_HANDLE) >> RAIN_KIND_BITS;
        if (((uintptr_t)comm & ((1 << RAIN_KIND_BITS) - 1)) != RAIN_COMM_KIND || i >= RAIN_COMMS) return NULL;
        t = __atomic_load_n(&rain_flats[i], __ATOMIC_RELAXED);
    }
    return t && (t->allowed >> collective & 1) && !rain_forked ? t : NULL;
}

/* await waits until a rank has begun the collective seq. It reports 0 if nobody waits on this
   communicator any more: a process has failed, or revoked it. */
static int await(rain_flat *t, uint32_t seq, uint32_t rank) {
    uint32_t *flag = &slot_of(t, seq, rank)->flag;
    return __atomic_load_n(flag, __ATOMIC_ACQUIRE) == seq || rain_await(flag, seq, &t->allowed);
}

/* await_all waits until all have. */
static int await_all(rain_flat *t, uint32_t seq) {
    for (uint32_t i = 0; i < t->n; i++)
        if (!await(t, seq, i)) return 0;
    t->settled = seq;
    return 1;
}

/* sign_of is mpi's flatSign. */
static uint32_t sign_of(int collective, int64_t n, int root, MPI_Op op) {
    return (uint32_t)n | (uint32_t)collective << 13 | (uint32_t)root << 18 | (uint32_t)((uintptr_t)op - (uintptr_t)MPI_OP_NULL) << 24;
}

/* open returns this rank's slot for the next collective, which nobody reads any more; NULL: Go has to
   say why there is none. */
static slot *open(rain_flat *t, uint32_t sign) {
    if (t->settled != t->seq && !await_all(t, t->seq)) return NULL;
    slot *s = slot_of(t, t->seq + 1, t->me);
    s->sign = sign;
    return s;
}

/* wake rings the bells of the members that sleep. */
static void wake(rain_flat *t, MPI_Comm comm) {
    int left = 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (i != t->me && __atomic_load_n(&t->bells[i]->sleeping, __ATOMIC_SEQ_CST)) left |= !rain_ring_bell(t->bells[i]);
    if (left && !rain_enter()) rain_Wake_members((uintptr_t)comm);
}

/* publish says that this rank has begun the next collective and written its data. The store is a full
   barrier: who sleeps has seen it, or is seen asleep. */
static uint32_t publish(rain_flat *t, slot *mine, MPI_Comm comm) {
    uint32_t seq = ++t->seq;
    __atomic_store_n(&mine->flag, seq, __ATOMIC_SEQ_CST);
    wake(t, comm);
    if (seq % TURN == 0 && rain_work()) {
        rain_frame f = {0};
        rain_progress(&f);
    }
    return seq;
}

/* left_to_go: the call was begun here, and Go ends it. */
static int left_to_go(rain_flat *t) {
    t->begun = 1;
    return 0;
}

/* agree reports whether the ranks from … to-1 have begun the same call as this one. If not, Go ends it. */
static int agree(rain_flat *t, uint32_t seq, uint32_t from, uint32_t to) {
    for (uint32_t i = from; i < to; i++)
        if (!await(t, seq, i) || slot_of(t, seq, i)->sign != slot_of(t, seq, t->me)->sign) return left_to_go(t);
    if (from == 0 && to == t->n) t->settled = seq;
    return 1;
}

/* apart reports whether the buffers share no memory: if they do Go says so. */
static int apart(const void *a, int64_t an, const void *b, int64_t bn) {
    return (const char *)a + an <= (const char *)b || (const char *)b + bn <= (const char *)a;
}

static int real(const void *addr) { return (uintptr_t)addr >= RAIN_FIRST_HANDLE; }

/* bytes is the length of a plain buffer that one slot can hold `times` of, where all ranks together have not too much, else 0. */
static int64_t bytes(const rain_flat *t, MPI_Count count, MPI_Datatype type, int64_t times) {
    int64_t size = rain_size(type);
    if (!t || !size || count <= 0 || count > RAIN_FLAT_LIMIT) return 0;
    int64_t slot = size * count * times;
    return slot <= RAIN_FLAT_LIMIT && slot * t->n <= RAIN_FLAT_TOTAL ? size * count : 0;
}

int rain_fast_Barrier(MPI_Comm comm) {
    rain_flat *t = flat(comm, RAIN_BARRIER);
    if (!t) return 0;
    slot *mine = open(t, sign_of(RAIN_BARRIER, 0, 0, MPI_OP_NULL));
    if (!mine) return 0;
    uint32_t seq = publish(t, mine, comm);
    return agree(t, seq, 0, t->n);
}

int rain_fast_Bcast(void *buf, MPI_Count count, MPI_Datatype type, int root, MPI_Comm comm) {
    rain_flat *t = flat(comm, RAIN_BCAST);
    int64_t n = bytes(t, count, type, 1);
    if (!n || !real(buf) || root < 0 || (uint32_t)root >= t->n) return 0;
    slot *mine = open(t, sign_of(RAIN_BCAST, n, root, MPI_OP_NULL));
    if (!mine) return 0;
    if (t->me == (uint32_t)root) {
        memcpy(mine->data, buf, n);
        publish(t, mine, comm);
        return 1;
    }
    uint32_t seq = publish(t, mine, comm);
    if (!agree(t, seq, root, root + 1)) return 0;
    memcpy(buf, slot_of(t, seq, root)->data, n);
    return 1;
}

/* sum combines all ranks' vectors in the order of ranks: every rank gets the same bits. */
static void sum(rain_flat *t, uint32_t seq, rain_plain *type, MPI_Op op, MPI_Count count, void *to) {
    union {
        char bytes[RAIN_FLAT_LIMIT];
        uint64_t aligned;
    } sum;
    memcpy(&sum, slot_of(t, seq, 0)->data, count * type->size);
    for (uint32_t i = 1; i < t->n; i++) rain_reduce(type->kind, op, slot_of(t, seq, i)->data, &sum, count);
    memcpy(to, &sum, count * type->size);
}

/* reduces reports whether C can do the reduction. */
static int reduces(rain_plain *type, MPI_Op op) {
    uintptr_t i = (uintptr_t)op - (uintptr_t)MPI_OP_NULL;
    return type && type->kind && i < 32 && (type->ops >> i & 1);
}

int rain_fast_Reduce(const void *send, void *recv, MPI_Count count, MPI_Datatype type, MPI_Op op, int root, MPI_Comm comm) {
    rain_flat *t = flat(comm, RAIN_REDUCE);
    rain_plain *plain = rain_plain_of(type);
    int64_t n = bytes(t, count, type, 1);
    if (!n || !reduces(plain, op) || root < 0 || (uint32_t)root >= t->n) return 0;
    int is_root = t->me == (uint32_t)root;
    if (is_root && send == MPI_IN_PLACE) send = recv;
    else if (is_root && send == recv) return 0;
    if (!real(send) || (is_root && !real(recv))) return 0;
    slot *mine = open(t, sign_of(RAIN_REDUCE, n, root, op));
    if (!mine) return 0;
    memcpy(mine->data, send, n);
    uint32_t seq = publish(t, mine, comm);
    if (!is_root) return 1;
    if (!agree(t, seq, 0, t->n)) return 0;
    sum(t, seq, plain, op, count, recv);
    return 1;
}

int rain_fast_Allreduce(const void *send, void *recv, MPI_Count count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
    rain_flat *t = flat(comm, RAIN_ALLREDUCE);
    rain_plain *plain = rain_plain_of(type);
    int64_t n = bytes(t, count, type, 1);
    if (!n || !reduces(plain, op) || send == recv) return 0;
    if (send == MPI_IN_PLACE) send = recv;
    if (!real(send) || !real(recv)) return 0;
    slot *mine = open(t, sign_of(RAIN_ALLREDUCE, n, 0, op));
    if (!mine) return 0;
    memcpy(mine->data, send, n);
    uint32_t seq = publish(t, mine, comm);
    if (!agree(t, seq, 0, t->n)) return 0;
    sum(t, seq, plain, op, count, recv);
    return 1;
}

int rain_fast_Allgather(const void *send, MPI_Count scount, MPI_Datatype stype, void *recv, MPI_Count rcount, MPI_Datatype rtype, MPI_Comm comm) {
    rain_flat *t = flat(comm, RAIN_ALLGATHER);
    int64_t n = bytes(t, rcount, rtype, 1);
    if (!n || !real(recv)) return 0;
    if (send == MPI_IN_PLACE) send = (char *)recv + t->me * n;
    else if (bytes(t, scount, stype, 1) != n || !real(send) || !apart(send, n, recv, n * t->n)) return 0;
    slot *mine = open(t, sign_of(RAIN_ALLGATHER, n, 0, MPI_OP_NULL));
    if (!mine) return 0;
    memcpy(mine->data, send, n);
    uint32_t seq = publish(t, mine, comm);
    if (!agree(t, seq, 0, t->n)) return 0;
    for (uint32_t i = 0; i < t->n; i++) memcpy((char *)recv + i * n, slot_of(t, seq, i)->data, n);
    return 1;
}

int rain_fast_Alltoall(const void *send, MPI_Count scount, MPI_Datatype stype, void *recv, MPI_Count rcount, MPI_Datatype rtype, MPI_Comm comm) {
    rain_flat *t = flat(comm, RAIN_ALLTOALL);
    int64_t n = t ? bytes(t, rcount, rtype, t->n) : 0;
    if (!n || !real(recv)) return 0;
    if (send == MPI_IN_PLACE) send = recv;
    else if (bytes(t, scount, stype, t->n) != n || !real(send) || !apart(send, n * t->n, recv, n * t->n)) return 0;
    slot *mine = open(t, sign_of(RAIN_ALLTOALL, n, 0, MPI_OP_NULL));
    if (!mine) return 0;
    memcpy(mine->data, send, n * t->n);
    uint32_t seq = publish(t, mine, comm);
    if (!agree(t, seq, 0, t->n)) return 0;
    for (uint32_t i = 0; i < t->n; i++) memcpy((char *)recv + i * n, slot_of(t, seq, i)->data + t->me * n, n);
    return 1;
}
