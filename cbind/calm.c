/*
 * Go's monitor thread looks every 20 us for scheduler slots that system calls and calls from C have left behind, for
 * milliseconds after each, on the processor that the program computes on: that took up to a seventh of it. How late a
 * thread's timers may be is its creator's to say, so we are patient while Go's first thread is made, which makes the
 * monitor. Where it matters (mpi/background.go) a thread of Go's says otherwise for itself.
 *
 * A constructor with a priority runs before those without, Go's among them, and those of the files that are linked
 * after Go's last.
 */
#include <sys/prctl.h>

enum { PATIENCE = 1000000 }; /* ns */

static int before;

__attribute__((constructor(101))) static void be_patient(void) {
    before = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    if (before > 0 && before < PATIENCE) prctl(PR_SET_TIMERSLACK, PATIENCE, 0, 0, 0);
}

__attribute__((constructor)) static void be_as_before(void) {
    if (before > 0) prctl(PR_SET_TIMERSLACK, before, 0, 0, 0);
}
