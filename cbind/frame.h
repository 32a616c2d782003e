/*
 * What one MPI call keeps while it goes back and forth between C and Go.
 *
 * A Go entry never waits on the hot path and never runs a user's function. It returns
 *     0            done
 *     an error     (> 0) the frame holds the text
 *     RAIN_WAIT    nothing to do now: wait here, in C, where no Go scheduler slot is held
 *     RAIN_CALL    run the user's function that the frame describes, here, on this thread, with no
 *                  lock held and no Go frame on the stack: it may call MPI, longjmp or throw
 * and is called again with the same arguments and the same frame after RAIN_WAIT and RAIN_CALL.
 */
#ifndef RAIN_FRAME_H
#define RAIN_FRAME_H

#include <stddef.h>
#include <stdint.h>

#define MPI_ABI_STRICT 1
#include "include/mpi.h"

/* MPI_X is a weak alias of PMPI_X, so that a profiler may define MPI_X itself (MPI 5.0, 15.2.2). */
#define RAIN_WEAK(X) extern __typeof__(PMPI_##X) MPI_##X __attribute__((weak, alias("PMPI_" #X)));

enum { RAIN_WAIT = -1, RAIN_CALL = -2 };

/* The object whose error handler hears of an error; RAIN_HANDLER: the handler itself, of an object
   that could not be made. */
enum { RAIN_NONE, RAIN_COMM, RAIN_WIN, RAIN_FILE, RAIN_SESSION, RAIN_HANDLER };

/* The user's functions, by their shape. */
enum {
    RAIN_CB_OP = 1,  /* fn(a[0], a[1], &n, &a[2]): an MPI_User_function */
    RAIN_CB_OP_C,    /* the same with an MPI_Count */
    RAIN_CB_COPY,    /* fn(a[0], n, a[1], a[2], &a[3], &result2): an attribute copy function */
    RAIN_CB_DELETE,  /* fn(a[0], n, a[1], a[2]): an attribute delete function */
    RAIN_CB_QUERY,   /* fn(a[0], (MPI_Status *)a[1]) of a generalized request */
    RAIN_CB_FREE,    /* fn(a[0]) */
    RAIN_CB_CANCEL,  /* fn(a[0], n) */
    RAIN_CB_EXTENT,  /* fn(a[0], &a[3], a[1]): an MPI_Datarep_extent_function */
    RAIN_CB_CONVERT, /* fn(a[0], a[1], n, a[2], 0, a[3]): an MPI_Datarep_conversion_function */
    RAIN_CB_CONVERT_C, /* the same with an MPI_Count */
    RAIN_CB_EVENT,   /* fn(a[0], a[0], level, a[1]), or the handler of dropped ones a[2](n, a[0], 0, level, a[1]), or neither */
    RAIN_CB_EVENT_FREE, /* fn(a[0], level, a[1]) of a registration for events */
    RAIN_CB_ERROR    /* fn(&a[0], &n): an error handler that the program calls itself */
};

typedef struct rain_frame {
    uint32_t op;      /* Go: what has been started; 0 at the first entry */
    uint32_t step;    /* Go: how far it has come */
    uint32_t sub;     /* Go: where it is in what the step needs done first */
    uint32_t looks;   /* C: waits so far without progress */
    uint32_t events;  /* C: rain_waits->events before Go looked last */
    uint32_t moved;   /* C: rain_waits->moved, likewise */
    uint64_t tick;    /* C: when it last waited */
    const uint32_t *word; /* C: a word that is waited for beside rain_waits, or NULL */
    uint32_t want;    /* C: its value, 0 for any other than 0 */
    uint32_t patient; /* C: eager messages in the rings are not work yet */
    uint32_t waiting; /* C: it is counted among those that wait in a call */
    int32_t cb;       /* RAIN_CB_…, with RAIN_CALL */
    uintptr_t fn;     /* the user's function; after rain_Raise the error handler's, or 0 */
    uintptr_t a[4];   /* its arguments */
    int64_t n;
    int32_t result;   /* what it returned */
    int32_t result2;
    int32_t onkind;   /* Go, with an error: raise it on this object rather than on the argument */
    uintptr_t on;
    uint32_t pend;    /* Go: the engine's user function that C has just run */
    int32_t failed;   /* Go: requests that failed, in calls that end many */
    int status[8];    /* an MPI_Status where the caller wants none */
    char *text;       /* Go, with an error: what happened, and after rain_Raise in which call; malloc'd, freed by rain_raise */
} rain_frame;

/* The twin of mpi.WaitSet (mpi/wait.go): what a waiting thread looks at. */
typedef struct rain_waitset {
    uint32_t n;             /* words to watch */
    uint32_t nfd;           /* descriptors to park on; 0: park on bell */
    uint32_t events;        /* changes whenever a request completes or a message arrives */
    uint32_t spins, yields; /* looks before the first yield, yields before parking */
    uint32_t moved;         /* changes whenever progress moved anything */
    uint32_t *sleep; /* threads that park */
    uint32_t *bell;  /* a futex */
    uint32_t *socket; /* not 0: the threads park on fd instead */
    int64_t deadline; /* CLOCK_MONOTONIC, ns: when Go must run even if nothing comes */
    int32_t fd[64];  /* the doorbell's is the first */
    uint32_t *words[2046]; /* not 0: there is work */
    uint32_t nflags, unused; /* more than there are flags: look again */
    struct {
        uint32_t *flag;
        uint32_t value, unused;
    } flags[16]; /* work when they have the value */
} rain_waitset;
extern rain_waitset *rain_waits; /* NULL outside MPI_Init … MPI_Finalize */

/* What the predefined attributes of communicators point to. */
extern struct rain_predefined {
    int tag_ub, host, io, global, universe, appnum, lastcode;
} rain_predefined;

int rain_is_main_thread(void);
void rain_free(uintptr_t base);
int rain_again(int rc, rain_frame *f);
/* This thread is counted among those that wait in a call from now on, as a call that waits is anyhow, until
   rain_leave after its last entry. */
void rain_stay(rain_frame *f);
void rain_leave(rain_frame *f);
void rain_callback(rain_frame *f);
/* called is the call as called.go prints it, with a verb for each of the values. */
int rain_raise(rain_frame *f, int rc, int kind, uintptr_t object, const char *called, const int64_t *values) __attribute__((cold));
/* What this thread's latest error of that code was: MPI_Error_string says it. NULL: none. */
const char *rain_said(int code);
int rain_unsupported(int kind, uintptr_t object, const char *function);
int rain_null(rain_frame *f) __attribute__((cold)); /* the error of a null pointer */
int rain_refused(const char *function);
int rain_enter_slow(void);
void rain_fork_init(void);
void rain_call_at_exit(void);
void rain_signals(void);

/* Nonzero in a child made by fork: the engine's threads are not there. */
extern int rain_forked;
/* Nonzero once this thread has its alternate signal stack. */
extern __thread int rain_thread_ready __attribute__((tls_model("initial-exec")));
extern uint64_t rain_signals_seen;

/* rain_ticks counts thirds to halves of milliseconds, without a system call. */
static inline uint64_t rain_ticks(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc() >> 20;
#elif defined(__aarch64__)
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t >> 13; /* the counter runs at 25 MHz to 1 GHz */
#else
    return rain_signals_seen + 16;
#endif
}

/* rain_signals_due: the last look at the signal handlers, sixty system calls, is ten milliseconds old. */
static inline int rain_signals_due(void) { return rain_ticks() - rain_signals_seen >= 16; }

/* rain_uses notes that this thread uses MPI. That another one did before is what tells the engine that several do
   (mpi/several.go): it costs a comparison while it is the same one. Nothing but rain_multiple asks for it: several
   threads may be in MPI at a time. */
extern int rain_multiple;
extern uintptr_t rain_user; /* the thread that used MPI last, by the address of its rain_thread_ready */
void rain_switch(void);
static inline void rain_uses(void) {
    if (__builtin_expect(rain_multiple, 0) && __atomic_load_n(&rain_user, __ATOMIC_RELAXED) != (uintptr_t)&rain_thread_ready) rain_switch();
}

/*
 * Runs at the start of every call that may go to Go. The slow part is taken once per thread, in a
 * forked child, and when the signal handlers have not been looked at for a moment (signal.c).
 */
static inline int rain_enter(void) {
    rain_uses();
    if (__builtin_expect(rain_thread_ready && !rain_forked && !rain_signals_due(), 1)) return 0;
    return rain_enter_slow();
}

/* The twin of mpi.WinTable: what C may do itself on a window (window.c). */
typedef struct {
    char *base; /* NULL: it is not mapped here */
    int64_t size, unit;
    uint32_t epoch; /* 0: no access */
    uint32_t alloc; /* it is MPI's memory, which whoever has mapped it may change by atomics */
} rain_target;

typedef struct {
    uint32_t n;
    uint32_t access; /* not 0: an epoch to all targets */
    uint32_t busy;   /* something went through an engine since the last flush of all */
    uint32_t calls;  /* flushes that C has answered */
    rain_target target[];
} rain_window;

enum {
    RAIN_FIRST_HANDLE = 4096, /* handles.go */
    RAIN_KIND_BITS = 4,
    RAIN_WIN_KIND = 10,
    RAIN_WINDOWS = 1024,
    RAIN_LOCKED = 7,    /* of epoch: mpi/win_lock.go's lockBits */
    RAIN_ALL_LOCKED = 2 /* of access: mpi/win_sync.go's allLocked */
};
extern rain_window *rain_windows[RAIN_WINDOWS]; /* by the index of their handles */

/* By the low byte of a predefined datatype's handle: its size if its arrays have no gaps, whether
   MPI_SUM on it adds machine words, and what C can reduce: as which of reduce.c's kinds of number, 0
   if none, by which operations, bit i for MPI_OP_NULL + i. */
typedef struct {
    uint16_t size;
    uint8_t adds, kind;
    uint32_t ops;
} rain_plain;
extern rain_plain rain_plains[256];

/* rain_plain_of is NULL for a datatype that is derived or has gaps. */
static inline rain_plain *rain_plain_of(MPI_Datatype t) {
    uintptr_t i = (uintptr_t)t - (uintptr_t)MPI_DATATYPE_NULL;
    return i < 256 && rain_plains[i].size ? &rain_plains[i] : NULL;
}
static inline int rain_size(MPI_Datatype t) {
    rain_plain *p = rain_plain_of(t);
    return p ? p->size : 0;
}
/* rain_reduce sets inout = in o inout for n numbers. */
void rain_reduce(int kind, MPI_Op op, const void *in, void *inout, int64_t n);

enum {
    RAIN_SLOT = 4160,        /* shm.SlotSize */
    RAIN_FLAT_LIMIT = 4096,  /* mpi.FlatLimit */
    RAIN_FLAT_TOTAL = 32768, /* mpi.FlatTotal */
    RAIN_COMM_KIND = 1,
    RAIN_COMMS = 4096,
    RAIN_BARRIER = 0, RAIN_BCAST = 1, RAIN_ALLGATHER = 6, RAIN_ALLTOALL = 8, RAIN_REDUCE = 11, RAIN_ALLREDUCE = 12 /* coll.Coll */
};

/* The twins of shm.Control's beginning and of mpi.Flat (mpi/flat.go has the protocol). */
typedef struct {
    uint32_t sleeping, bell, socket, line[13];
    int32_t pid;
    uint32_t waiting;
    uint64_t nonce, at;
    int64_t switched;
} rain_control;

typedef struct {
    uint32_t n, me;
    uint32_t allowed; /* bits of RAIN_BARRIER, …: which collectives no option makes a schedule */
    uint32_t seq, settled, begun;
    char *slots;
    rain_control *bells[64];
} rain_flat;
extern rain_flat *rain_flats[RAIN_COMMS]; /* by the index of communicators' handles; NULL: not flat */
extern rain_flat *rain_flat_world;

int rain_fast_Barrier(MPI_Comm);
int rain_fast_Bcast(void *, MPI_Count, MPI_Datatype, int, MPI_Comm);
int rain_fast_Reduce(const void *, void *, MPI_Count, MPI_Datatype, MPI_Op, int, MPI_Comm);
int rain_fast_Allreduce(const void *, void *, MPI_Count, MPI_Datatype, MPI_Op, MPI_Comm);
int rain_fast_Allgather(const void *, MPI_Count, MPI_Datatype, void *, MPI_Count, MPI_Datatype, MPI_Comm);
int rain_fast_Alltoall(const void *, MPI_Count, MPI_Datatype, void *, MPI_Count, MPI_Datatype, MPI_Comm);

/* The twins of shm.Writer, shm.Reader, and of mpi's Link, CommTable and EngineTable (mpi/tables.go). */
typedef struct {
    uint64_t *head;
    uint32_t *hungry, *room;
    char *data;
    int64_t size, capacity;
} rain_ring;

typedef struct {
    rain_ring ring;
    uint64_t pos, seen;
    int64_t n;
} rain_writer;

typedef struct {
    rain_ring ring;
    uint64_t pos, clean, given;
} rain_reader;

typedef struct {
    rain_writer out;
    rain_reader in;
    rain_control *bell;
    uint32_t **word; /* in rain_waits->words: where the next record will come */
    int32_t world;
    uint32_t blocked, turns, failed;
} rain_link;

/* What a packet's header begins with, in its low bits: mpi/packet.go. */
enum { RAIN_PACKET_KINDS = 63, RAIN_EAGER = 1, RAIN_BRIEF = 62 };

typedef struct {
    uint64_t eager, brief; /* what an eager message's header begins with, and a brief one */
    int32_t rank, n;
    int32_t posted, arrived; /* receives and messages that wait in its context */
    rain_link *link[];
} rain_comm;
extern rain_comm *rain_comms[RAIN_COMMS]; /* by the index of their handles */
extern rain_comm *rain_comm_world;

/* The twin of mpi.Ticket: a nonblocking call that C does itself. Its handle is that of the Go request of
   the same index. */
enum { RAIN_FREE, RAIN_DONE, RAIN_WAITING, RAIN_POSTED };
typedef struct {
    uint32_t state; /* RAIN_WAITING: in the list of those that C waits with, RAIN_POSTED: Go does */
    uint32_t next;  /* in that list */
    int32_t source, tag;
    int64_t bytes;
    uint32_t failed, cancelled, detached, unused;
    rain_comm *comm;
    rain_link *link;
    char *buf;
    int64_t n; /* bytes of the buffer */
    uintptr_t handle; /* the communicator's */
} rain_ticket;
enum {
    RAIN_TICKETS = 256,
    RAIN_SENT = 0,      /* of a send that has left */
    RAIN_FROM_NULL = 1, /* of a receive from MPI_PROC_NULL */
    RAIN_CONSTANT = 2,  /* so many are never free */
    RAIN_REQUEST_KIND = 5
};
extern rain_ticket rain_tickets[RAIN_TICKETS];

typedef struct {
    uint32_t lock;
    uint32_t first, last; /* tickets that wait, in their order; 0: none */
    uint32_t unused;
    int64_t eager;
    uint64_t sent, sent_bytes, received, received_bytes, rendezvous;
    rain_ticket *tickets;
} rain_engine_table;
extern rain_engine_table *rain_engine;

int rain_fast_Send(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm);
int rain_fast_Isend(const void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
int rain_fast_Recv(void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Status *);
int rain_fast_Irecv(void *, MPI_Count, MPI_Datatype, int, int, MPI_Comm, MPI_Request *);
int rain_fast_Wait(MPI_Request *, MPI_Status *);
int rain_fast_Test(MPI_Request *, int *, MPI_Status *);
int rain_fast_Waitall(int, MPI_Request[], MPI_Status *);

/* rain_await waits until *word is want, and makes progress meanwhile. It gives up, and reports 0, when
   *open is 0. */
int rain_await(const uint32_t *word, uint32_t want, const uint32_t *open);
/* rain_pause waits a little for f's word, and makes progress if there is work, or if Go must look at
   sockets. Before the caller looks whether it must wait at all it calls rain_look: a change after that
   ends the pause. rain_serve is the progress that C can make; rain_work says that there may be some. */
void rain_look(rain_frame *f);
void rain_pause(rain_frame *f);
int rain_serve(void);
int rain_work(void);
/* rain_work_beside reports whether another word of those that are watched says that there is work. */
int rain_work_beside(uint32_t **word);
void rain_progress(rain_frame *f);
/* rain_changed makes this rank's other threads look again that wait: mpi's waiting.changed. It is a full barrier.
   Nothing but rain_multiple asks for it. */
void rain_changed(void);
/* rain_ring_bell wakes a rank's threads that sleep. It reports whether it could: only Go can send to a
   rank that parks on sockets. */
int rain_ring_bell(rain_control *c);

/* The functions of include/mpi-ext.h, and the attribute by which it finds them. */
enum { RAIN_EXTENSIONS_KEY = 0x7261696e };
const void *rain_extension_table(void);

/* They report whether the call is done; else Go does it. */
int rain_fast_Put(const void *, MPI_Count, MPI_Datatype, int, MPI_Aint, MPI_Count, MPI_Datatype, MPI_Win);
int rain_fast_Get(void *, MPI_Count, MPI_Datatype, int, MPI_Aint, MPI_Count, MPI_Datatype, MPI_Win);
int rain_fast_Fetch_and_op(const void *, void *, MPI_Datatype, int, MPI_Aint, MPI_Op, MPI_Win);
int rain_fast_Win_flush(int, MPI_Win);
int rain_fast_Win_flush_local(int, MPI_Win);

#endif
