/*
 * A program's signal handler that was installed without SA_ONSTACK and runs while this thread is in
 * Go would run on a goroutine's stack, which is small and moves. So
 *
 *   - such handlers are installed again with SA_ONSTACK, and every thread that calls MPI has an
 *     alternate stack. Nobody tells us of a new handler: we look at init, and before a park and at a
 *     call when the last look is about ten milliseconds old;
 *   - for a signal that comes before we have looked, the goroutine's stack is kept large (signal.go).
 *     While it is made large, and while the runtime starts, which the first call waits for on that
 *     stack, the thread blocks signals;
 *   - Go's own threads block the signals that are for the program: those would run handlers on stacks
 *     of 32 KiB, and take signals from programs that block them to wait for them with sigwait.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "frame.h"
#include "_cgo_export.h"

enum { ALTERNATE_STACK = 64 << 10 };

__thread int rain_thread_ready __attribute__((tls_model("initial-exec")));
uint64_t rain_signals_seen;

static pthread_key_t stack_key;
static pthread_once_t stack_once = PTHREAD_ONCE_INIT;

/* remove_stack is the thread's end: its alternate stack goes unless the program has put its own there. */
static void remove_stack(void *stack) {
    stack_t now;
    if (sigaltstack(NULL, &now) == 0 && now.ss_sp == stack) {
        stack_t off = {.ss_flags = SS_DISABLE};
        sigaltstack(&off, NULL);
    }
    munmap(stack, ALTERNATE_STACK);
}

static void make_key(void) { pthread_key_create(&stack_key, remove_stack); }

/* add_stack comes before the thread's first call into Go, which keeps a stack that it finds. */
static void add_stack(void) {
    stack_t now;
    if (sigaltstack(NULL, &now) != 0 || !(now.ss_flags & SS_DISABLE)) return;
    void *stack = mmap(NULL, ALTERNATE_STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (stack == MAP_FAILED) return;
    stack_t new = {.ss_sp = stack, .ss_size = ALTERNATE_STACK};
    if (sigaltstack(&new, NULL) != 0) {
        munmap(stack, ALTERNATE_STACK);
        return;
    }
    pthread_once(&stack_once, make_key);
    pthread_setspecific(stack_key, stack);
}

void rain_signals(void) {
    for (int sig = 1; sig < NSIG; sig++) {
        struct sigaction act;
        if (sig == SIGKILL || sig == SIGSTOP || sigaction(sig, NULL, &act) != 0) continue;
        if (act.sa_handler == SIG_DFL || act.sa_handler == SIG_IGN || (act.sa_flags & SA_ONSTACK)) continue;
        act.sa_flags |= SA_ONSTACK;
        sigaction(sig, &act, NULL);
    }
}

/*
 * Go's threads take their mask from the first of them, which the library's constructor starts and
 * which inherits it from the thread that loads the library. So ours before that constructor blocks
 * signals, and the one after it (Go's object comes first in the link) brings the mask back.
 */
static sigset_t loader_mask;

/* block_signals leaves those that tell of the thread's own faults, and those that Go uses itself. */
static void block_signals(sigset_t *was) {
    static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGPIPE, SIGPROF, SIGURG};
    sigset_t mask;
    sigfillset(&mask);
    for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) sigdelset(&mask, kept[i]);
    pthread_sigmask(SIG_BLOCK, &mask, was);
}

__attribute__((constructor(101))) static void before_go(void) { block_signals(&loader_mask); }

__attribute__((constructor)) static void after_go(void) { pthread_sigmask(SIG_SETMASK, &loader_mask, NULL); }

int rain_enter_slow(void) {
    if (rain_forked) return 1;
    if (!rain_thread_ready) {
        rain_thread_ready = 1;
        rain_fork_init();
        add_stack();
    }
    rain_signals_seen = rain_ticks();
    sigset_t was;
    block_signals(&was);
    rain_signals();
    rain_Room();
    pthread_sigmask(SIG_SETMASK, &was, NULL);
    return 0;
}
