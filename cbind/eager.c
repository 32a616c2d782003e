/*
 * Short messages inside the host, without a crossing. The rules are in mpi/tables.go: C holds the
 * engine's lock while it writes or reads one record of a ring, as mpi/outgoing.go and mpi/engine.go
 * would, and leaves to Go whatever is not that simple, wrong arguments too.
 *
 * The rings are those of mpi/internal/shm/ring.go, which has the argument for the order of their accesses. Where it says
 * release or acquire that is all that is asked for here; a full barrier is a SEQ_CST store before a SEQ_CST load: of a
 * record's first word before the peer's sleeping (put, wake), and of head before hungry, of room before sleeping
 * (release, wake). put does not wait for room: it leaves that to Go. The words that clear clears are this end's until
 * head is stored.
 *
 * The engine's lock is taken by an acquire and given up by a release. That is no full barrier, so a thread that has
 * moved a ring on sees who sleeps in its own rank only after one of its own: others_look.
 */
#include <string.h>

#include "frame.h"
#include "_cgo_export.h"

rain_comm *rain_comms[RAIN_COMMS];
rain_comm *rain_comm_world;
rain_engine_table *rain_engine;
rain_ticket rain_tickets[RAIN_TICKETS] = {
    [RAIN_SENT] = {.state = RAIN_DONE, .source = MPI_ANY_SOURCE, .tag = MPI_ANY_TAG},
    [RAIN_FROM_NULL] = {.state = RAIN_DONE, .source = MPI_PROC_NULL, .tag = MPI_ANY_TAG},
};

enum {
    LINE = 64,
    GRAIN = LINE / 2,    /* records start at multiples of it */
    CLEARED = 16 * LINE, /* that a reader clears at a time */
    RECORD_HEAD = 8,     /* a record's first word, and one that is not used */
    TURN = 64,           /* messages to and from a rank before a send looks at that rank's own, */
    ROUND = 1024         /* and before everybody else's are looked at */
};
static const uint32_t WRAP = UINT32_MAX; /* go on at the start of the ring */

/* What mpi.header begins with, encoded; a brief header is no more than that. */
typedef struct {
    uint64_t kind_ctx;
    int32_t source, tag;
} envelope;

typedef struct {
    envelope envelope;
    uint64_t size, id;
} header;

static rain_comm *find(MPI_Comm comm) {
    if (rain_forked) return NULL;
    if (comm == MPI_COMM_WORLD) return rain_comm_world;
    uintptr_t i = ((uintptr_t)comm - RAIN_FIRST_HANDLE) >> RAIN_KIND_BITS;
    if (((uintptr_t)comm & ((1 << RAIN_KIND_BITS) - 1)) != RAIN_COMM_KIND || i >= RAIN_COMMS) return NULL;
    return __atomic_load_n(&rain_comms[i], __ATOMIC_RELAXED);
}

/* A transfer is a call that C may do. */
typedef struct {
    rain_comm *comm;
    rain_link *link;
    char *buf;
    int64_t n; /* bytes of the buffer */
    int tag;
} transfer;

static int possible(transfer *t, const void *buf, MPI_Count count, MPI_Datatype type, int peer, int tag, MPI_Comm comm) {
    int64_t size = rain_size(type);
    rain_uses();
    t->comm = find(comm);
    if (!t->comm || !size || count < 0 || count > INT32_MAX || peer < 0 || peer >= t->comm->n) return 0;
    t->link = t->comm->link[peer];
    t->buf = (char *)buf;
    t->n = size * count;
    t->tag = tag;
    return t->link && (!t->n || (uintptr_t)buf >= RAIN_FIRST_HANDLE);
}

/* nobody reports whether a right call has MPI_PROC_NULL as its peer: then there is nothing to do. */
static int nobody(MPI_Count count, MPI_Datatype type, int peer, MPI_Comm comm) {
    return peer == MPI_PROC_NULL && count >= 0 && rain_size(type) && find(comm);
}

/* The engine's lock, for a few memory accesses; if somebody has it, Go waits for it. */
static int try_lock(void) {
    uint32_t free = 0;
    return __atomic_compare_exchange_n(&rain_engine->lock, &free, 1, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
static void unlock(void) { __atomic_store_n(&rain_engine->lock, 0, __ATOMIC_RELEASE); }

static uint32_t *word(rain_ring *r, uint64_t pos) { return (uint32_t *)(r->data + (pos & (uint64_t)(r->size - 1))); }

static uint64_t spanned(uint64_t n) { return (n + RECORD_HEAD + GRAIN - 1) & ~(uint64_t)(GRAIN - 1); }

static void wake(rain_link *l) {
    if (!__atomic_load_n(&l->bell->sleeping, __ATOMIC_SEQ_CST)) return;
    if (!rain_ring_bell(l->bell) && !rain_enter()) rain_Wake_rank(l->world);
}

/* put writes an eager message with a brief header, as shm.Writer's Reserve and Publish do. It reports whether
   there was room. */
static int put(transfer *t, const void *buf) {
    rain_writer *w = &t->link->out;
    uint64_t size = (uint64_t)w->ring.size, length = sizeof(envelope) + (uint64_t)t->n, need = spanned(length);
    uint64_t at = w->pos & (size - 1), skip = at + need > size ? size - at : 0;
    if (w->pos + skip + need - w->seen > size) {
        w->seen = __atomic_load_n(w->ring.head, __ATOMIC_ACQUIRE);
        if (w->pos + skip + need - w->seen > size) return 0;
    }
    if (skip) {
        __atomic_store_n(word(&w->ring, w->pos), WRAP, __ATOMIC_RELEASE);
        w->pos += skip;
    }
    uint32_t *first = word(&w->ring, w->pos);
    envelope h = {t->comm->brief, t->comm->rank, t->tag};
    memcpy((char *)first + RECORD_HEAD, &h, sizeof h);
    if (t->n) memcpy((char *)first + RECORD_HEAD + sizeof h, buf, (size_t)t->n);
    w->pos += need;
    if (w->pos % LINE) __atomic_store_n(word(&w->ring, w->pos), 0, __ATOMIC_RELAXED);
    /* A full barrier: the peer's sleeping, read after it, tells the truth. */
    __atomic_store_n(first, (uint32_t)length + 1, __ATOMIC_SEQ_CST);
    return 1;
}

/* look makes progress if a rank has something to say that this call does not look at: who always finds room, or the message that
   it asks for, would else do nothing for others. Go does it, and all tickets that wait are Go's then, so it is rare. */
static void look(const rain_link *l) {
    if (!rain_work_beside(l->word)) return;
    rain_frame f = {0};
    rain_progress(&f);
}

static int send(const void *buf, MPI_Count count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
    transfer t;
    if (tag < 0 || !possible(&t, buf, count, type, dest, tag, comm) || t.n > rain_engine->eager || !try_lock()) return 0;
    int sent = !t.link->blocked && put(&t, buf);
    if (sent) {
        rain_engine->sent++;
        rain_engine->sent_bytes += (uint64_t)t.n;
    }
    unlock();
    if (!sent) return 0;
    wake(t.link);
    if (++t.link->turns % ROUND == 0) look(t.link);
    /* It may have asked us to spare it. */
    if (t.link->turns % TURN == 0 && __atomic_load_n(*t.link->word, __ATOMIC_RELAXED)) {
        rain_frame f = {0};
        rain_progress(&f);
    }
    return 1;
}

/* clear clears the first words of the lines up to end. */
static void clear(rain_reader *r, uint64_t end) {
    for (; r->clean < end; r->clean += LINE) *word(&r->ring, r->clean) = 0;
}

/* release gives a record of n bytes back, as shm.Reader does. It reports whether the writer waited for
   that. */
static int release(rain_link *l, uint64_t n) {
    rain_reader *r = &l->in;
    r->pos += spanned(n);
    *l->word = word(&r->ring, r->pos);
    if (r->pos - r->clean < CLEARED) return 0;
    uint64_t end = r->pos - r->pos % LINE;
    clear(r, end);
    if (end - r->given < (uint64_t)r->ring.size / 4) return 0;
    r->given = end;
    __atomic_store_n(r->ring.head, end, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(r->ring.hungry, __ATOMIC_SEQ_CST)) return 0;
    __atomic_store_n(r->ring.hungry, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(r->ring.room, 1, __ATOMIC_SEQ_CST);
    return 1;
}

/* A record of a ring, and if it is a message its data; both lengths in bytes. */
typedef struct {
    const envelope *head;
    uint64_t length;
    const void *data;
    uint64_t size;
} record;

/* fits reports whether a record is an eager message of that communicator and tag. Its data is found then. */
static int fits(record *m, const rain_comm *c, int tag) {
    const envelope *h = m->head;
    if (h->kind_ctx == c->brief) {
        m->data = h + 1;
        m->size = m->length - sizeof(envelope);
    } else if (h->kind_ctx == c->eager) {
        m->data = (header *)h + 1;
        m->size = ((header *)h)->size;
    } else {
        return 0;
    }
    return h->tag == tag || tag == MPI_ANY_TAG;
}

/* fitting is the first waiting ticket that a message of a link is for, 0 if there is none, and the one
   before it in the list. */
static uint32_t fitting(rain_link *l, record *m, uint32_t *before) {
    *before = 0;
    for (uint32_t i = rain_engine->first; i; *before = i, i = rain_tickets[i].next)
        if (rain_tickets[i].link == l && fits(m, rain_tickets[i].comm, rain_tickets[i].tag)) return i;
    return 0;
}

static void unlist(uint32_t i, uint32_t before) {
    *(before ? &rain_tickets[before].next : &rain_engine->first) = rain_tickets[i].next;
    if (rain_engine->last == i) rain_engine->last = before;
}

static void deliver(rain_ticket *k, const record *m, char *buf) {
    k->source = m->head->source;
    k->tag = m->head->tag;
    k->bytes = (int64_t)m->size;
    if (m->size) memcpy(buf, m->data, m->size);
    rain_engine->received++;
    rain_engine->received_bytes += m->size;
}

/* others_look ends what moved a ring on. Another thread may have seen its own ticket still waiting, or looked at
   the word of the record that is taken, before it counted itself asleep: it would sleep beside what it waits for,
   whose sender has seen nobody asleep. Either it sees the change now, or is seen. */
static void others_look(void) {
    if (__builtin_expect(rain_multiple, 0)) rain_changed();
}

/* next reports whether there is a next record in a link's ring, and makes it *m. */
static int next(rain_link *l, record *m) {
    rain_reader *r = &l->in;
    uint32_t first = __atomic_load_n(word(&r->ring, r->pos), __ATOMIC_ACQUIRE);
    if (first == WRAP) {
        uint64_t size = (uint64_t)r->ring.size;
        clear(r, r->pos - r->pos % LINE + LINE);
        r->pos += size - (r->pos & (size - 1));
        r->clean = r->pos;
        *l->word = word(&r->ring, r->pos);
        others_look();
        first = __atomic_load_n(word(&r->ring, r->pos), __ATOMIC_ACQUIRE);
    }
    if (!first) return 0;
    m->head = (envelope *)((char *)word(&r->ring, r->pos) + RECORD_HEAD);
    m->length = first - 1;
    return 1;
}

/* What has become of the next record: there is none; a ticket that waited got it; the caller's own
   receive did; it is Go's. */
enum served { NOTHING, SERVED, MINE, FOR_GO };

/* What serve leaves to be done when the lock is given up: the sender waited for room; it is time to look. */
enum { HUNGRY = 1, LOOK = 2 };

static void afterwards(rain_link *l, int left) {
    if (left & HUNGRY) wake(l);
    if (left & LOOK) look(l);
}

/* serve gives the next record of a link's ring to the ticket that it is for, else to the receive t, if
   that may go before all that Go knows. The engine's lock is held. */
static enum served serve(rain_link *l, transfer *t, rain_ticket *mine, int *left) {
    record m;
    if (t && (t->comm->posted | t->comm->arrived)) return FOR_GO;
    if (!next(l, &m)) return __atomic_load_n(&l->failed, __ATOMIC_RELAXED) ? FOR_GO : NOTHING;
    uint32_t before, i = fitting(l, &m, &before);
    rain_ticket *k = &rain_tickets[i];
    if (i && m.size <= (uint64_t)k->n) {
        unlist(i, before);
        deliver(k, &m, k->buf);
        __atomic_store_n(&k->state, RAIN_DONE, __ATOMIC_RELEASE);
    } else if (!i && t && fits(&m, t->comm, t->tag) && m.size <= (uint64_t)t->n) {
        deliver(mine, &m, t->buf);
    } else {
        return FOR_GO;
    }
    if (release(l, m.length)) *left |= HUNGRY;
    if (++l->turns % ROUND == 0) *left |= LOOK;
    return i ? SERVED : MINE;
}

/* serve_once is serve, with the lock. If somebody has it Go waits for it. */
static enum served serve_once(rain_link *l, transfer *t, rain_ticket *mine) {
    int left = 0;
    if (!try_lock()) return FOR_GO;
    enum served how = serve(l, t, mine, &left);
    unlock();
    if (how == SERVED || how == MINE) others_look();
    afterwards(l, left);
    return how;
}

/* rain_serve looks at the rings that tickets wait for. */
int rain_serve(void) {
    int served = 0;
    if (!__atomic_load_n(&rain_engine->first, __ATOMIC_RELAXED) || !try_lock()) return 0;
    for (uint32_t i = rain_engine->first; i;) {
        rain_link *l = rain_tickets[i].link;
        int left = 0;
        if (!__atomic_load_n(*l->word, __ATOMIC_RELAXED) || serve(l, NULL, NULL, &left) != SERVED) {
            i = rain_tickets[i].next;
            continue;
        }
        served = 1;
        if (left) {
            unlock();
            afterwards(l, left);
            if (!try_lock()) {
                others_look();
                return served;
            }
        }
        i = rain_engine->first;
    }
    unlock();
    if (served) others_look();
    return served;
}

/* set_status writes what cbind/status.go does: all but the error. */
static void set_status(MPI_Status *s, const rain_ticket *k) {
    if (!s) return;
    s->MPI_SOURCE = k->source;
    s->MPI_TAG = k->tag;
    s->MPI_internal[0] = (int)(uint32_t)k->bytes;
    s->MPI_internal[1] = (int)(k->bytes >> 32);
    s->MPI_internal[2] = (int)k->cancelled;
}

int rain_fast_Send(const void *buf, MPI_Count count, MPI_Datatype type, int dest, int tag, MPI_Comm comm) {
    return send(buf, count, type, dest, tag, comm) || (tag >= 0 && nobody(count, type, dest, comm));
}

/* Who waits for a message here need not post a receive: as long as nobody else can meet it, it does not
   matter when. */
int rain_fast_Recv(void *buf, MPI_Count count, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Status *status) {
    transfer t;
    if (tag < 0 && tag != MPI_ANY_TAG) return 0;
    if (nobody(count, type, source, comm)) {
        set_status(status, &rain_tickets[RAIN_FROM_NULL]);
        return 1;
    }
    if (!possible(&t, buf, count, type, source, tag, comm)) return 0;
    rain_frame f = {0};
    rain_ticket mine = {0};
    for (;;) {
        rain_look(&f);
        switch (serve_once(t.link, &t, &mine)) {
        case MINE: set_status(status, &mine); return 1;
        case FOR_GO: return 0;
        case SERVED: continue;
        case NOTHING: f.word = *t.link->word; rain_pause(&f);
        }
    }
}

static MPI_Request handle(int i) { return (MPI_Request)(uintptr_t)(RAIN_FIRST_HANDLE + (i << RAIN_KIND_BITS) + RAIN_REQUEST_KIND); }

/* ticket_of is the ticket of a request, NULL if it is one of Go's, or none. */
static rain_ticket *ticket_of(MPI_Request r) {
    uintptr_t i = ((uintptr_t)r - (uintptr_t)handle(0)) >> RAIN_KIND_BITS;
    if (i >= RAIN_TICKETS || r != handle((int)i) || !rain_engine || rain_forked) return NULL;
    return __atomic_load_n(&rain_tickets[i].state, __ATOMIC_ACQUIRE) ? &rain_tickets[i] : NULL;
}

int rain_fast_Isend(const void *buf, MPI_Count count, MPI_Datatype type, int dest, int tag, MPI_Comm comm, MPI_Request *request) {
    if (!request || !rain_fast_Send(buf, count, type, dest, tag, comm)) return 0;
    *request = handle(RAIN_SENT);
    return 1;
}

/* free_ticket is the index of a ticket that is free, 0 if none is found. The lock is held. */
static uint32_t free_ticket(void) {
    static uint32_t last = RAIN_CONSTANT;
    for (int tries = 0; tries < 8; tries++) {
        last = last + 1 < RAIN_TICKETS ? last + 1 : RAIN_CONSTANT;
        if (__atomic_load_n(&rain_tickets[last].state, __ATOMIC_ACQUIRE) == RAIN_FREE) return last;
    }
    return 0;
}

int rain_fast_Irecv(void *buf, MPI_Count count, MPI_Datatype type, int source, int tag, MPI_Comm comm, MPI_Request *request) {
    transfer t;
    if (!request || (tag < 0 && tag != MPI_ANY_TAG)) return 0;
    if (nobody(count, type, source, comm)) {
        *request = handle(RAIN_FROM_NULL);
        return 1;
    }
    if (!possible(&t, buf, count, type, source, tag, comm) || !try_lock()) return 0;
    uint32_t i = t.comm->posted | t.comm->arrived ? 0 : free_ticket();
    if (!i) {
        unlock();
        return 0;
    }
    rain_ticket *k = &rain_tickets[i];
    int left = 0, served = 0;
    enum served how;
    while ((how = serve(t.link, &t, k, &left)) == SERVED) served = 1;
    k->failed = k->cancelled = k->detached = 0;
    if (how == MINE) {
        k->state = RAIN_DONE;
    } else {
        *k = (rain_ticket){.source = source, .tag = tag, .comm = t.comm, .link = t.link, .buf = buf, .n = t.n, .handle = (uintptr_t)comm};
        *(rain_engine->last ? &rain_tickets[rain_engine->last].next : &rain_engine->first) = i;
        rain_engine->last = i;
        __atomic_store_n(&k->state, RAIN_WAITING, __ATOMIC_RELEASE);
    }
    unlock();
    if (served || how == MINE) others_look();
    afterwards(t.link, left);
    *request = handle((int)i);
    return 1;
}

/* done waits for a ticket. It reports whether C can collect it; if not, Go waits for it or raises its
   error. */
static int done(rain_ticket *k) {
    rain_frame f = {0};
    for (;;) {
        rain_look(&f);
        uint32_t state = __atomic_load_n(&k->state, __ATOMIC_ACQUIRE);
        if (state == RAIN_DONE) return !k->failed;
        if (state != RAIN_WAITING) return 0;
        switch (serve_once(k->link, NULL, NULL)) {
        case NOTHING: f.word = *k->link->word; rain_pause(&f); break;
        case FOR_GO: return 0;
        default: break;
        }
    }
}

static void collect(MPI_Request *request, rain_ticket *k, MPI_Status *status) {
    set_status(status, k);
    *request = MPI_REQUEST_NULL;
    if (k >= rain_tickets + RAIN_CONSTANT) __atomic_store_n(&k->state, RAIN_FREE, __ATOMIC_RELEASE);
}

int rain_fast_Wait(MPI_Request *request, MPI_Status *status) {
    rain_ticket *k = request ? ticket_of(*request) : NULL;
    if (!k || !done(k)) return 0;
    collect(request, k, status);
    return 1;
}

int rain_fast_Test(MPI_Request *request, int *flag, MPI_Status *status) {
    rain_ticket *k = request && flag ? ticket_of(*request) : NULL;
    if (!k) return 0;
    if (k->state == RAIN_WAITING) rain_serve();
    if (__atomic_load_n(&k->state, __ATOMIC_ACQUIRE) != RAIN_DONE || k->failed) return 0;
    collect(request, k, status);
    *flag = 1;
    return 1;
}

int rain_fast_Waitall(int count, MPI_Request list[], MPI_Status *statuses) {
    if (count <= 0 || !list) return 0;
    for (int i = 0; i < count; i++)
        if (list[i] != MPI_REQUEST_NULL && !ticket_of(list[i])) return 0;
    for (int i = 0; i < count; i++)
        if (list[i] != MPI_REQUEST_NULL && !done(ticket_of(list[i]))) return 0;
    for (int i = 0; i < count; i++) { /* the status of a null request is that of a send (MPI 5.0, 3.7.3) */
        rain_ticket *k = list[i] == MPI_REQUEST_NULL ? &rain_tickets[RAIN_SENT] : ticket_of(list[i]);
        collect(&list[i], k, statuses ? &statuses[i] : NULL);
    }
    return 1;
}
