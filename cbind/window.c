/*
 * One-sided operations on memory that this process has mapped are a copy or an atomic instruction:
 * C does them itself, where nothing about the call is special. Whatever is, invalid arguments too,
 * is left to Go. The shim asks rain_fast_X before it crosses.
 *
 * The rules are those of mpi/win_ops.go and mpi/win_atomic.go: memory that MPI allocated is changed
 * by atomic instructions of the element's size; memory of the user's is only read and written.
 */
#include <string.h>

#include "frame.h"

rain_window *rain_windows[RAIN_WINDOWS];
rain_plain rain_plains[256];

/* Now and then a call goes to Go all the same, where it makes progress. */
enum { TURN = 64 };

static rain_window *window(MPI_Win win) {
    uintptr_t i = ((uintptr_t)win - RAIN_FIRST_HANDLE) >> RAIN_KIND_BITS;
    if (((uintptr_t)win & ((1 << RAIN_KIND_BITS) - 1)) != RAIN_WIN_KIND || i >= RAIN_WINDOWS || rain_forked) return NULL;
    return __atomic_load_n(&rain_windows[i], __ATOMIC_RELAXED);
}

static int adds(MPI_Datatype t) { return rain_plains[(uintptr_t)t - (uintptr_t)MPI_DATATYPE_NULL].adds; }

/* place is where n bytes at a displacement are; NULL: ask Go. */
static char *place(rain_window *w, int rank, MPI_Aint disp, MPI_Count n, int atomics) {
    if (!w || rank < 0 || (uint32_t)rank >= w->n) return NULL;
    rain_target *t = &w->target[rank];
    if (!t->base || (atomics && !t->alloc) || !(w->access | t->epoch)) return NULL;
    if (disp < 0 || disp > t->size / t->unit || n > t->size - disp * t->unit) return NULL;
    return t->base + disp * t->unit;
}

static char *transfer(const void *addr, MPI_Count count, MPI_Datatype type, int rank, MPI_Aint disp, MPI_Count tcount,
                      MPI_Datatype ttype, MPI_Win win) {
    int size = rain_size(type);
    if (!size || type != ttype || count != tcount || count <= 0 || count > INT64_MAX / 64) return NULL;
    if ((uintptr_t)addr < RAIN_FIRST_HANDLE) return NULL;
    return place(window(win), rank, disp, count * size, 0);
}

int rain_fast_Put(const void *addr, MPI_Count count, MPI_Datatype type, int rank, MPI_Aint disp, MPI_Count tcount,
                  MPI_Datatype ttype, MPI_Win win) {
    char *there = transfer(addr, count, type, rank, disp, tcount, ttype, win);
    if (!there) return 0;
    memmove(there, addr, count * rain_size(type));
    return 1;
}

int rain_fast_Get(void *addr, MPI_Count count, MPI_Datatype type, int rank, MPI_Aint disp, MPI_Count tcount,
                  MPI_Datatype ttype, MPI_Win win) {
    char *there = transfer(addr, count, type, rank, disp, tcount, ttype, win);
    if (!there) return 0;
    memmove(addr, there, count * rain_size(type));
    return 1;
}

/* element is where one element is that an instruction can change. */
static char *element(MPI_Datatype type, int rank, MPI_Aint disp, MPI_Win win) {
    int size = rain_size(type);
    char *there = size == 4 || size == 8 ? place(window(win), rank, disp, size, 1) : NULL;
    return (uintptr_t)there % (uintptr_t)(size ? size : 1) == 0 ? there : NULL;
}

int rain_fast_Fetch_and_op(const void *addr, void *result, MPI_Datatype type, int rank, MPI_Aint disp, MPI_Op op, MPI_Win win) {
    if (op != MPI_NO_OP && op != MPI_REPLACE && !(op == MPI_SUM && rain_size(type) && adds(type))) return 0;
    if ((uintptr_t)result < RAIN_FIRST_HANDLE || (op != MPI_NO_OP && (uintptr_t)addr < RAIN_FIRST_HANDLE)) return 0;
    char *there = element(type, rank, disp, win);
    if (!there) return 0;
    if (rain_size(type) == 8) {
        uint64_t v = 0, was;
        if (op != MPI_NO_OP) memcpy(&v, addr, 8);
        was = op == MPI_SUM       ? __atomic_fetch_add((uint64_t *)there, v, __ATOMIC_SEQ_CST)
              : op == MPI_REPLACE ? __atomic_exchange_n((uint64_t *)there, v, __ATOMIC_SEQ_CST)
                                  : __atomic_load_n((uint64_t *)there, __ATOMIC_SEQ_CST);
        memcpy(result, &was, 8);
    } else {
        uint32_t v = 0, was;
        if (op != MPI_NO_OP) memcpy(&v, addr, 4);
        was = op == MPI_SUM       ? __atomic_fetch_add((uint32_t *)there, v, __ATOMIC_SEQ_CST)
              : op == MPI_REPLACE ? __atomic_exchange_n((uint32_t *)there, v, __ATOMIC_SEQ_CST)
                                  : __atomic_load_n((uint32_t *)there, __ATOMIC_SEQ_CST);
        memcpy(result, &was, 4);
    }
    return 1;
}

/* Nothing to wait for: all operations so far were done at once. */
static int quiet(int rank, MPI_Win win) {
    rain_window *w = window(win);
    if (!w || rank < 0 || (uint32_t)rank >= w->n || __atomic_load_n(&w->busy, __ATOMIC_ACQUIRE)) return 0;
    if (!((w->target[rank].epoch & RAIN_LOCKED) || (w->access & RAIN_ALL_LOCKED))) return 0;
    if (__atomic_add_fetch(&w->calls, 1, __ATOMIC_RELAXED) % TURN == 0) return 0;
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    return 1;
}

int rain_fast_Win_flush(int rank, MPI_Win win) { return quiet(rank, win); }
int rain_fast_Win_flush_local(int rank, MPI_Win win) { return quiet(rank, win); }
