/*
 * A child made by fork has one thread and none of the engine's: MPI calls there return an error at
 * once (MPI 5.0, 2.9.1, leaves their effect to the implementation), and exit handlers do nothing.
 */
#include <pthread.h>
#include <stdio.h>

#include "frame.h"

int rain_forked;

static void in_child(void) { rain_forked = 1; }

static void watch(void) { pthread_atfork(NULL, NULL, in_child); }

void rain_fork_init(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch);
}

/* rain_refused says once per child why a call fails: no error handler runs, for the default one
   would end the parent's job. */
int rain_refused(const char *function) {
    static int said;
    if (!said) {
        said = 1;
        fprintf(stderr, "rainmpi: %s was called in a child process made by fork(): only the parent may call MPI. "
                        "Use exec, or call MPI before forking.\n", function);
    }
    return MPI_ERR_OTHER;
}
