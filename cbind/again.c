/* Between two entries into Go: run the user's function, or wait. */
#include <sched.h>

#include "frame.h"

enum { SPINS = 200 };

static void pause_cpu(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

static void wait_a_little(rain_frame *f) {
    if (f->spins++ < SPINS) {
        pause_cpu();
        return;
    }
    sched_yield();
}

int rain_again(int rc, rain_frame *f) {
    if (rc == RAIN_CALL) {
        f->spins = 0;
        rain_callback(f);
        return 1;
    }
    wait_a_little(f);
    return 1;
}
