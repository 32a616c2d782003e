/*
 * A program that blocks a signal in all of its threads and waits for it with sigwait: no thread of
 * the library's may take the signal, whose default action is to kill the process. And the library
 * leaves the mask of the program's threads alone.
 */
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

int main(int argc, char **argv) {
    sigset_t was, set;
    int sig;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &was) == 0);
    for (sig = 1; sig < 32; sig++) CHECK(!sigismember(&was, sig));
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    OK(MPI_Init(&argc, &argv));
    for (int i = 0; i < 200; i++) {
        OK(MPI_Barrier(MPI_COMM_WORLD));
        CHECK(kill(getpid(), SIGUSR1) == 0);
        CHECK(sigwait(&set, &sig) == 0 && sig == SIGUSR1);
    }
    OK(MPI_Finalize());
    return 0;
}
