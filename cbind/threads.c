/* Which thread uses MPI: see rain_uses. */
#include <time.h>

#include "frame.h"

int rain_multiple;
uintptr_t rain_user;

/* rain_switch: the time stands where the host's other ranks see it, in shm.Control. */
void rain_switch(void) {
    uintptr_t last = __atomic_exchange_n(&rain_user, (uintptr_t)&rain_thread_ready, __ATOMIC_RELAXED);
    if (!last || !rain_waits) return;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    __atomic_store_n(&((rain_control *)rain_waits->sleep)->switched, t.tv_sec * 1000000000LL + t.tv_nsec, __ATOMIC_RELAXED);
}
