/*
 * A program's signal handler that was installed without SA_ONSTACK and runs while this thread is in
 * Go would run on a goroutine's stack, which is small and moves. So such handlers are installed
 * again with SA_ONSTACK, and every thread that calls MPI has an alternate stack.
 *
 * Nobody tells us of a new handler. We look at init, before each park, and at a call when the last
 * look is about half a millisecond old: an interval timer with a period of 1 ms does not fire
 * between its sigaction and our look.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "frame.h"

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

int rain_enter_slow(void) {
    if (rain_forked) return 1;
    if (!rain_thread_ready) {
        rain_thread_ready = 1;
        rain_fork_init();
        add_stack();
    }
    rain_signals_seen = rain_ticks();
    rain_signals();
    return 0;
}
