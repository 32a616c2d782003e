/*
 * Goes through all orders of the steps of a rank that sends and of one with a thread or two that receive, in the
 * code of eager.c and again.c as it is: each atomic access is a step, and so is the kernel's part of a futex. Atomic
 * stores that are no full barriers wait in a buffer of their thread, as on x86: to hand the oldest of them on
 * to the others is a step, too. What the threads do is done again from the start for each order. A state that was
 * seen before is left: the same memory, and threads that have seen the same values in it.
 *
 *     explore SCENE [FAULT]
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <setjmp.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { LOAD, STORE, CHANGE, WAIT, WAKE, ASLEEP, BLOCKED };
static void step(int kind, const volatile void *addr);
static void saw(uint64_t value);
static void store(volatile void *addr, uint64_t value, int size, int order);
static uint64_t peek(const volatile void *addr, uint64_t value);
static void drain(void);
static long futex(uint32_t *word, int op, uint32_t value);
static int plant(const char *fault) __attribute__((unused));

/* The builtins, by their names. */
#define __atomic_load_n(p, order) \
    ({ step(LOAD, p); __typeof__(*(p)) v_ = (__typeof__(*(p)))peek(p, (uint64_t)*(volatile __typeof__(*(p)) *)(p)); saw((uint64_t)v_); v_; })
#define __atomic_store_n(p, v, order) \
    ({ __typeof__(*(p)) v_ = (v); step(STORE, p); store(p, (uint64_t)v_, sizeof *(p), order); saw(0); })
#define CHANGED(p, change) \
    ({ step(CHANGE, p); drain(); __typeof__(*(p)) was_ = *(p); *(p) = change; saw((uint64_t)was_); was_; })
#define __atomic_fetch_add(p, v, order) CHANGED(p, was_ + (v))
#define __atomic_fetch_sub(p, v, order) CHANGED(p, was_ - (v))
#define __atomic_exchange_n(p, v, order) CHANGED(p, (v))
#define __atomic_compare_exchange_n(p, old, v, weak, yes, no) \
    ({ __typeof__(*(p)) wanted_ = *(old); *(old) = CHANGED(p, was_ == wanted_ ? (v) : was_); *(old) == wanted_; })
#define syscall(number, word, op, value, ...) futex((uint32_t *)(word), op, (uint32_t)(value))
#define __builtin_ia32_rdtsc() 0ull
#define sched_yield() ((void)0)
#define send send_eager /* sys/socket.h has one */

#include "again.c"
static void forget(rain_frame *f);
#define rain_look(f) (forget(f), rain_look(f))
#include "eager.c"

int rain_forked, rain_multiple;
uintptr_t rain_user;
void rain_switch(void) {} /* a hint: nothing is ordered by it */
__thread int rain_thread_ready = 1;
uint64_t rain_signals_seen;
rain_plain rain_plains[256];
int rain_enter_slow(void) { return 0; }
void rain_signals(void) {}
void rain_callback(rain_frame *f) { (void)f; }
void rain_Wake_rank(int32_t world) { (void)world; }
void rain_Wake(void) {}
int rain_Progress(uintptr_t f) { (void)f; return 0; } /* what C can do, C has done */

/* The memory that is shared, and that of the receiving rank. */
enum { SIZE = 512, THREADS = 3, DEEP = 512 };
static struct {
    char data[SIZE];
    uint64_t head;
    uint32_t hungry, room;
    rain_control control[2];
    rain_engine_table engine;
    rain_waitset waits;
    uint32_t *word;
    struct { rain_comm comm; rain_link *links[2]; } comm[2];
    rain_link link[2]; /* of the sender, of the receiver */
} m __attribute__((aligned(64)));

typedef struct { volatile void *addr; uint64_t value; int size; } delayed;
typedef struct {
    ucontext_t context; /* to begin with */
    jmp_buf at;         /* a switch of contexts would cost two system calls */
    char stack[64 << 10];
    void (*body)(void);
    int over, kind;
    const volatile void *addr; /* of the next step */
    const uint32_t *asleep;    /* in a futex */
    uint64_t seen;
    int phase; /* what it waits for */
    delayed late[4];
    int delayed;
} thread;
static thread threads[THREADS];
static thread *now;
static int count;
static int late = 4; /* stores that a thread may keep */
static jmp_buf scheduler;
static const char *planted = "";
static int plant(const char *fault) { return !strcmp(planted, fault); }

static uint64_t mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

/* private: nothing changes it, or there is one thread that does. */
static int private(const volatile void *addr) {
    const char *p = (const char *)addr, *w = (const char *)&m.waits;
    if (addr == &rain_user || addr == &m.hungry || addr == &m.room || addr == &m.control[1].socket || addr == &m.control[0].sleeping) return 1;
    if (p >= w && p < w + sizeof m.waits) return count == 2 || addr != &m.waits.events;
    if (count > 2) return 0;
    return (p >= (char *)&m.engine && p < (char *)(&m.engine + 1)) || (p >= (char *)rain_tickets && p < (char *)(rain_tickets + RAIN_TICKETS));
}

static void step(int kind, const volatile void *addr) {
    if (!now || private(addr)) return; /* not now: a scene is made */
    now->kind = kind;
    now->addr = addr;
    if (!_setjmp(now->at)) _longjmp(scheduler, 1);
}

static void saw(uint64_t value) {
    if (now) now->seen = mix(mix(now->seen, (uint64_t)now->kind << 56 ^ (uint64_t)now->addr), value);
}

/* forget: here, where a wait begins anew, a thread remembers nothing but its frame. */
static void forget(rain_frame *f) {
    uint64_t v[] = {(uint64_t)now->phase, f->looks < 2 ? f->looks : 2, f->events, f->moved, (uint64_t)f->word, f->patient};
    now->seen = 0;
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) now->seen = mix(now->seen, v[i]);
}

static void hand_on(thread *t) { /* the oldest store */
    delayed d = t->late[0];
    memmove(t->late, t->late + 1, sizeof *t->late * (size_t)--t->delayed);
    if (d.size == 4) *(volatile uint32_t *)d.addr = (uint32_t)d.value;
    else *(volatile uint64_t *)d.addr = d.value;
}

static void drain(void) {
    while (now && now->delayed) hand_on(now);
}

static void store(volatile void *addr, uint64_t value, int size, int order) {
    if (now && late && now->delayed == late) hand_on(now);
    if (now && late && !private(addr)) {
        now->late[now->delayed++] = (delayed){addr, value, size};
        if (order == __ATOMIC_SEQ_CST) drain();
    } else if (size == 4) *(volatile uint32_t *)addr = (uint32_t)value;
    else *(volatile uint64_t *)addr = value;
}

/* peek is what a thread reads: its own latest store, if others have not got it yet. */
static uint64_t peek(const volatile void *addr, uint64_t value) {
    for (int i = 0; now && i < now->delayed; i++)
        if (now->late[i].addr == addr) value = now->late[i].value;
    return value;
}

static long futex(uint32_t *word, int op, uint32_t value) {
    step(op == FUTEX_WAIT ? WAIT : WAKE, word);
    drain();
    saw(0);
    if (op == FUTEX_WAIT && *word == value) {
        now->asleep = word;
        step(ASLEEP, word);
    }
    if (op == FUTEX_WAKE)
        for (int i = 0; i < count; i++)
            if (threads[i].asleep == word) threads[i].asleep = NULL;
    return 0;
}

/*
 * The scenes: tags 1, 2, … are sent, and each is waited for by somebody: by blocking receives, one after the other
 * (receive), by a thread that has begun all receives before (tickets), or by two (threads).
 */
static int messages, before; /* so many are in the ring from the start */
static MPI_Request requests[3];

/* A message takes half a line, or one and a half. */
static int length_of(int tag) { return tag % 2 ? 8 : 64; }

static void send_one(int tag) {
    transfer t = {&m.comm[0].comm, &m.link[0], NULL, length_of(tag), tag};
    uint64_t value[8] = {(uint64_t)tag * 1000};
    if (!put(&t, value)) abort();
    wake(&m.link[0]);
}
static void sender(void) {
    for (int tag = 1 + before; tag <= messages; tag++) send_one(tag);
}

static uint64_t got[3][8];

/* finish is MPI_Wait. Where C leaves that to Go, as another thread has the lock, it is tried again. */
static void finish(int i) {
    MPI_Status s;
    now->phase = i;
    while (!rain_fast_Wait(&requests[i], &s)) step(BLOCKED, &m.engine.lock);
    if (got[i][0] != (uint64_t)(i + 1) * 1000 || s.MPI_TAG != i + 1) {
        printf("message %d: %lu, tag %d\n", i + 1, got[i][0], s.MPI_TAG);
        exit(1);
    }
}
static void first(void) { finish(0); }
static void second(void) { finish(1); }
static void both(void) {
    finish(0);
    finish(1);
}
static void receiver(void) {
    for (int tag = 1; tag <= messages; tag++) {
        uint64_t v[8] = {0};
        MPI_Status s;
        now->phase = tag;
        if (!rain_fast_Recv(v, length_of(tag), MPI_BYTE, 0, tag, MPI_COMM_WORLD, &s)) {
            printf("message %d is left to Go\n", tag);
            exit(1);
        }
        if (v[0] != (uint64_t)tag * 1000) exit(1);
    }
}

static void make(const char *scene, int at) {
    now = NULL;
    memset(&m, 0, sizeof m);
    memset(rain_tickets + RAIN_CONSTANT, 0, sizeof *rain_tickets * (RAIN_TICKETS - RAIN_CONSTANT));
    rain_plains[(uintptr_t)MPI_BYTE - (uintptr_t)MPI_DATATYPE_NULL].size = 1;
    uint64_t pos = (uint64_t)at * GRAIN;
    for (uint64_t i = GRAIN; i < SIZE; i += LINE)
        if (i != pos) *(uint32_t *)(m.data + i) = 25; /* a short record of the lap before */
    rain_ring ring = {&m.head, &m.hungry, &m.room, m.data, SIZE, SIZE};
    m.head = pos - pos % LINE;
    m.word = word(&ring, pos);
    m.link[0] = (rain_link){.out = {.ring = ring, .pos = pos, .seen = pos - pos % LINE}, .bell = &m.control[1], .word = &m.word};
    m.link[1] = (rain_link){.in = {.ring = ring, .pos = pos, .clean = pos - pos % LINE, .given = pos - pos % LINE}, .bell = &m.control[0], .word = &m.waits.words[0]};
    m.waits = (rain_waitset){.n = 1, .sleep = &m.control[1].sleeping, .bell = &m.control[1].bell, .socket = &m.control[1].socket, .deadline = INT64_MAX};
    m.waits.words[0] = m.word;
    for (int i = 0; i < 2; i++) {
        m.comm[i].comm = (rain_comm){.eager = 1, .brief = 1 << 6 | RAIN_BRIEF, .rank = i, .n = 2};
        m.comm[i].comm.link[1 - i] = &m.link[i];
    }
    m.engine.eager = 64;
    rain_waits = &m.waits;
    rain_engine = &m.engine;
    rain_comm_world = &m.comm[1].comm;
    messages = 2;
    before = 0;
    rain_multiple = 0;
    memset(got, 0, sizeof got);
    count = 2;
    threads[0].body = sender;
    if (!strcmp(scene, "receive")) {
        threads[1].body = receiver;
        return;
    }
    for (int i = 0; i < 2; i++)
        if (!rain_fast_Irecv(got[i], length_of(i + 1), MPI_BYTE, 0, i + 1, MPI_COMM_WORLD, &requests[i])) abort();
    threads[1].body = both;
    if (!strcmp(scene, "threads")) {
        rain_multiple = 1;
        threads[1].body = first;
        threads[2].body = second;
        count = 3;
        before = 1;
        send_one(1);
        if (!eager(m.word, *m.word)) { /* which a patient call leaves in its ring */
            printf("an eager message is not taken for one\n");
            exit(1);
        }
    }
}

static void begin(int i) {
    now = &threads[i];
    now->body();
    now->over = 1;
    _longjmp(scheduler, 1);
}

static void run(thread *t, int fresh) {
    now = t;
    if (!_setjmp(scheduler)) {
        if (fresh) setcontext(&t->context);
        _longjmp(t->at, 1);
    }
    now = NULL;
}

/* The states that were seen, by their hashes. */
static uint64_t *states;
static uint64_t room = 1 << 22, known;
static int visited(uint64_t key) {
    for (uint64_t i = key % room;; i = (i + 1) % room) {
        if (states[i] == key) return 1;
        if (states[i]) continue;
        states[i] = key;
        if (++known > room / 2) abort();
        return 0;
    }
}

/* A scene of three threads has too many orders: a thread that may go on is interrupted
   once at most. */
static int interrupted, bound, last;

static uint64_t key(void) {
    uint64_t h = 1;
    const uint64_t *words = (const uint64_t *)&m;
    for (size_t i = 0; i < sizeof m / 8; i++)
        if (words[i]) h = mix(mix(h, i), words[i]);
    for (int i = 2; i < 8; i++) h = mix(h, rain_tickets[i].state);
    for (int i = 0; i < count; i++) {
        thread *t = &threads[i];
        h = mix(mix(mix(h, t->seen), (uint64_t)t->kind << 8 | (uint64_t)t->over), (uint64_t)t->addr ^ (uint64_t)t->asleep << 1);
        for (int k = 0; k < t->delayed; k++) h = mix(mix(h, (uint64_t)t->late[k].addr), t->late[k].value);
        h = mix(h, (uint64_t)t->delayed);
    }
    return mix(h, (uint64_t)interrupted << 8 | (uint64_t)(last + 1)) | 1;
}

static int may(const thread *t) {
    if (t->over || t->asleep) return 0;
    return t->kind != BLOCKED || !*(const uint32_t *)t->addr;
}
static int interrupts(const thread *t) { return last >= 0 && t != &threads[last] && may(&threads[last]); }

int main(int argc, char **argv) {
    static const char *kinds[] = {"loads", "stores", "changes", "futex wait", "futex wake", "sleeps", "is blocked by"};
    static struct { int of, taken; } path[DEEP];
    static struct { int who, kind; const volatile void *addr; } trace[DEEP];
    int depth, length = 0;
    uint64_t runs = 0;
    if (argc > 2) planted = argv[2];
        states = calloc(room, 8);
    for (int at = 10; at < 16; at++) {
        memset(states, 0, room * 8);
        for (length = 0;;) {
            runs++;
            make(argc > 1 ? argv[1] : "receive", at);
            for (int i = 0; i < count; i++) {
                thread *t = &threads[i];
                t->over = t->delayed = 0;
                t->seen = 0;
                t->asleep = NULL;
                getcontext(&t->context);
                t->context.uc_stack = (stack_t){.ss_sp = t->stack, .ss_size = sizeof t->stack};
                makecontext(&t->context, (void (*)(void))begin, 1, i);
                run(t, 1);
            }
            interrupted = 0;
            last = -1;
            bound = count == 2 ? DEEP : 1;
            for (depth = 0; depth < DEEP; depth++) {
                thread *open[2 * THREADS];
                int n = 0, steps;
                for (int i = 0; i < count; i++)
                    if (may(&threads[i]) && !(interrupted >= bound && interrupts(&threads[i]))) open[n++] = &threads[i];
                steps = n;
                for (int i = 0; i < count; i++)
                    if (threads[i].delayed) open[n++] = &threads[i];
                if (!n) {
                    for (int i = 0; i < count; i++)
                        if (!threads[i].over) {
                            printf("%s from half line %d: thread %d waits for ever\n", argv[1], at, i);
                            for (int k = 0; k < depth; k++)
                                printf("%d %s %ld\n", trace[k].who, trace[k].kind < 0 ? "hands on" : kinds[trace[k].kind], (long)((char *)trace[k].addr - (char *)&m));
                            return 1;
                        }
                    break;
                }
                if (depth == length) {
                    if (visited(key())) break;
                    path[length].of = n;
                    path[length++].taken = 0;
                }
                int at = path[depth].taken;
                thread *t = open[at];
                trace[depth].who = (int)(t - threads);
                trace[depth].kind = at < steps ? t->kind : -1;
                trace[depth].addr = at < steps ? t->addr : t->late[0].addr;
                if (at >= steps) {
                    hand_on(t);
                    continue;
                }
                interrupted += bound < DEEP && interrupts(t);
                last = bound < DEEP ? (int)(t - threads) : -1;
                run(t, 0);
            }
            if (depth == DEEP) return printf("%s from half line %d goes on for ever\n", argv[1], at), 1;
            while (length && path[length - 1].taken + 1 == path[length - 1].of) length--;
            if (!length) break;
            path[length - 1].taken++;
        }
        printf("%s from half line %d: %lu states\n", argv[1], at, known);
        known = 0;
    }
    printf("%lu runs\n", runs);
    return 0;
}
