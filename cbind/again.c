/*
 * Between two entries into Go: run the user's function, or wait. The steps are those of
 * mpi/wait.go: look at the words, yield the processor, park. A C thread that waited in Go would hold
 * one of the few slots of Go's scheduler.
 */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"
#include "_cgo_export.h"

enum { SWEEP = 20 }; /* looks at the words between two entries into Go, which looks at sockets and clock */

rain_waitset *rain_waits;

static uint32_t load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }

static void pause_cpu(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* eager reports whether a ring's next record is a plain eager message: who sent it does not wait. */
static int eager(const uint32_t *word, uint32_t first) {
    if (first == UINT32_MAX) return 0;
    /* Behind the record's head is mpi/packet.go's header, where no sign stands over the size. */
    uint32_t kind = word[2] & RAIN_PACKET_KINDS;
    return kind == RAIN_BRIEF || (kind == RAIN_EAGER && word[7] >> 25 == 0);
}

/* work reports whether there is work for Go, or a change since it looked last. A patient call leaves
   eager messages in their rings for a while: a rank that is a step ahead sends what nobody has asked for
   yet, and Go would have to keep it. */
static int work(rain_waitset *w, uint32_t events, int patient) {
    if (load(&w->events) != events) return 1;
    for (uint32_t i = 0; i < w->n; i++) { /* the odd ones are of writers that wait for room */
        uint32_t first = load(w->words[i]);
        if (first && !(patient && i % 2 == 0 && eager(w->words[i], first))) return 1;
    }
    uint32_t n = load(&w->nflags);
    if (n > sizeof w->flags / sizeof *w->flags) return 1;
    for (uint32_t i = 0; i < n; i++)
        if (w->flags[i].flag && load(w->flags[i].flag) == w->flags[i].value) return 1;
    return 0;
}

/* came reports whether the word that the call waits for has come. */
static int came(rain_frame *f) { return f->word && (f->want ? load(f->word) == f->want : load(f->word) != 0); }

static int ready(rain_waitset *w, rain_frame *f) { return came(f) || work(w, f->events, f->patient); }

/* left is the time to the deadline; NULL if there is none. */
static struct timespec *left(rain_waitset *w, struct timespec *t) {
    int64_t deadline = __atomic_load_n(&w->deadline, __ATOMIC_RELAXED);
    if (deadline == INT64_MAX) return NULL;
    clock_gettime(CLOCK_MONOTONIC, t);
    int64_t ns = deadline - (t->tv_sec * 1000000000LL + t->tv_nsec);
    if (ns < 0) ns = 0;
    t->tv_sec = ns / 1000000000;
    t->tv_nsec = ns % 1000000000;
    return t;
}

static void park(rain_waitset *w, rain_frame *f) {
    struct timespec t;
    if (rain_signals_due()) { /* handlers run while we sleep, and Go runs after it */
        rain_signals_seen = rain_ticks();
        rain_signals();
    }
    uint32_t bell = load(w->bell);
    __atomic_fetch_add(w->sleep, 1, __ATOMIC_SEQ_CST);
    /* A sender publishes and then reads sleep; we have written sleep and read the words now: one of
       the two sees the other. */
    if (!ready(w, f)) {
        if (load(&w->nfd) == 0) {
            syscall(SYS_futex, w->bell, FUTEX_WAIT, bell, left(w, &t), NULL, 0);
        } else {
            struct pollfd fds[64];
            uint32_t n = load(&w->nfd);
            for (uint32_t i = 0; i < n; i++) fds[i] = (struct pollfd){.fd = w->fd[i], .events = POLLIN};
            ppoll(fds, n, left(w, &t), NULL);
            char ring[16]; /* the first one is the doorbell: forget the rings so far */
            if (fds[0].revents)
                while (recv(fds[0].fd, ring, sizeof ring, MSG_DONTWAIT) > 0) {}
        }
    }
    __atomic_fetch_sub(w->sleep, 1, __ATOMIC_SEQ_CST);
}

/*
 * crowded reports whether others want our processor, as mpi/wait.go says: a spinning thread that was
 * put off it for more than a millisecond, twice within 20 ms, parks without spinning for a tenth of
 * a second.
 */
static int crowded(rain_frame *f) {
    static uint64_t put_off, until;
    uint64_t tick = rain_ticks();
    if (f->looks > 1 && tick - f->tick > 3 && tick - __atomic_exchange_n(&put_off, tick, __ATOMIC_RELAXED) < 48)
        __atomic_store_n(&until, tick + 256, __ATOMIC_RELAXED);
    f->tick = tick;
    return tick < __atomic_load_n(&until, __ATOMIC_RELAXED);
}

static void wait_a_little(rain_waitset *w, rain_frame *f) {
    uint32_t look = f->looks, sweeps = crowded(f) ? 0 : w->spins / SWEEP, yields = (w->yields + SWEEP - 1) / SWEEP;
    f->looks++;
    if (look < sweeps) {
        int looks = w->n ? SWEEP : 1; /* all that comes comes by the sockets */
        for (int i = 0; i < looks && !ready(w, f); i++) pause_cpu();
    } else if (look < sweeps + yields) {
        for (int i = 0; i < SWEEP && !ready(w, f); i++) sched_yield();
    } else {
        /* What a patient call has left in the rings may hide what somebody waits for. */
        f->patient = 0;
        park(w, f);
        f->tick = rain_ticks(); /* asleep is not put off */
    }
}

/* rain_progress runs the engine once, and what functions of the user's it asks for. */
void rain_progress(rain_frame *f) {
    if (rain_enter()) return;
    f->events = load(&rain_waits->events);
    f->moved = load(&rain_waits->moved);
    while (rain_Progress((uintptr_t)f) == RAIN_CALL) rain_callback(f);
    if (load(&rain_waits->moved) != f->moved) f->looks = 0;
}

/* Without sockets Go has nothing to look at but the words: it is left out until they say something. */
void rain_pause(rain_frame *f) {
    rain_waitset *w = rain_waits;
    f->patient = 1;
    wait_a_little(w, f);
    if (came(f) || !(w->nfd || work(w, f->events, f->patient))) return;
    if (w->nfd || !rain_serve()) rain_progress(f);
}

int rain_work(void) { return rain_waits->nfd || work(rain_waits, load(&rain_waits->events), 0); }

int rain_work_beside(uint32_t **word) {
    rain_waitset *w = rain_waits;
    for (uint32_t i = 0, n = load(&w->n); i < n; i++)
        if (&w->words[i] != word && __atomic_load_n(w->words[i], __ATOMIC_RELAXED)) return 1;
    return 0;
}

void rain_look(rain_frame *f) {
    if (f->looks == 0) f->events = load(&rain_waits->events);
}

int rain_await(const uint32_t *word, uint32_t want, const uint32_t *open) {
    for (rain_frame f = {.word = word, .want = want}; !came(&f);) {
        rain_look(&f);
        if (!load(open)) return 0;
        rain_pause(&f);
    }
    return 1;
}

int rain_ring_bell(rain_control *c) {
    if (load(&c->socket)) return 0;
    __atomic_fetch_add(&c->bell, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &c->bell, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    return 1;
}

void rain_changed(void) {
    rain_waitset *w = rain_waits;
    __atomic_fetch_add(&w->events, 1, __ATOMIC_SEQ_CST);
    if (load(w->sleep) && !rain_ring_bell((rain_control *)w->sleep) && !rain_enter()) rain_Wake();
}

/* count_waiting adds to the number of this rank's threads that wait in a call: shm.Control.Waiting. */
static void count_waiting(rain_frame *f, uint32_t waiting) {
    if (f->waiting == waiting || !rain_waits) return;
    f->waiting = waiting;
    __atomic_fetch_add(&((rain_control *)rain_waits->sleep)->waiting, waiting ? 1 : -1, __ATOMIC_RELAXED);
}

void rain_stay(rain_frame *f) { count_waiting(f, 1); }
void rain_leave(rain_frame *f) { count_waiting(f, 0); }

int rain_again(int rc, rain_frame *f) {
    rain_waitset *w = rain_waits;
    if (rc == RAIN_CALL) {
        count_waiting(f, 0); /* it may longjmp */
        rain_callback(f);
        f->looks = 0;
        return 1;
    }
    if (!w) {
        sched_yield();
        return 1;
    }
    /* The first time, Go looked before we knew the number of events: let it look again. */
    uint32_t moved = load(&w->moved);
    if (f->looks == 0) f->looks = 1;
    else if (load(&w->events) != f->events || moved != f->moved) f->looks = 1;
    else {
        count_waiting(f, 1);
        wait_a_little(w, f);
    }
    f->events = load(&w->events);
    f->moved = moved;
    return 1;
}
