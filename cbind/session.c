/* A process whose last session was finalized leaves its job when it ends: it might have opened another. */
#include <stdlib.h>

#include "frame.h"
#include "_cgo_export.h"

static void at_exit(void) {
    if (!rain_forked) rain_Leave();
}

void rain_call_at_exit(void) { atexit(at_exit); }
