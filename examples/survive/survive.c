/*
 * A manager gives out pieces of an integral, and goes on without the workers that die: it hears of a
 * death in the receive from any source, and gives the piece of the dead to somebody else.
 *
 *   mpicc -O2 -o survive examples/survive/survive.c
 *   rainrun -n 4 --on-failure continue ./survive [PIECES] [VICTIM]
 *
 * Worker VICTIM kills itself in the middle of its first piece; or kill one yourself. Without
 * --on-failure continue a death ends the job.
 */
#include <math.h>
#include <mpi-ext.h>
#include <mpi.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 100000 };

/* The manager's books: what each worker does, -1 for nothing, and which pieces are to be done. */
static int *doing, *todo, left;

/* quarter integrates 1/(1+x*x) over one of n pieces of 0 to 1. */
static double quarter(int piece, int n) {
    double h = 1.0 / n / STEPS, sum = 0;
    for (int i = 0; i < STEPS; i++) {
        double x = (double)piece / n + h * (i + 0.5);
        sum += h / (1 + x * x);
    }
    return sum;
}

/* give sends a worker the next piece, -1 if there is none. A worker that is dead already is heard of
   by the receive. */
static void give(int worker) {
    int piece = left > 0 ? todo[--left] : -1;
    doing[worker] = piece;
    MPI_Send(&piece, 1, MPI_INT, worker, 0, MPI_COMM_WORLD);
}

/* bury takes back what the dead were doing and returns how many there are. Workers that had been told
   to go may be needed again: they wait for a piece until the end. */
static int bury(void) {
    MPI_Group dead, all;
    int n, acked;
    MPIX_Comm_get_failed(MPI_COMM_WORLD, &dead);
    MPI_Comm_group(MPI_COMM_WORLD, &all);
    MPI_Group_size(dead, &n);
    for (int i = 0; i < n; i++) {
        int worker;
        MPI_Group_translate_ranks(dead, 1, &i, all, &worker);
        if (doing[worker] >= 0) todo[left++] = doing[worker];
        doing[worker] = -2; /* nothing, for ever */
    }
    MPIX_Comm_ack_failed(MPI_COMM_WORLD, n, &acked);
    MPI_Group_free(&dead);
    MPI_Group_free(&all);
    return n;
}

static int manage(int size, int pieces) {
    double sum = 0, part;
    int dead = 0, done = 0;
    for (left = 0; left < pieces; left++) todo[left] = left;
    for (int w = 1; w < size; w++) doing[w] = -1;
    while (done < pieces) {
        for (int w = 1; w < size; w++)
            if (doing[w] == -1 && left > 0) give(w);
        MPI_Status s;
        MPI_Request q;
        MPI_Irecv(&part, 1, MPI_DOUBLE, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD, &q);
        int rc = MPI_Wait(&q, &s);
        while (rc != MPI_SUCCESS) { /* MPIX_ERR_PROC_FAILED_PENDING: the receive is still there */
            int class;
            MPI_Error_class(rc, &class);
            if (class != MPIX_ERR_PROC_FAILED_PENDING) MPI_Abort(MPI_COMM_WORLD, 1);
            dead = bury();
            if (dead == size - 1) {
                printf("all workers are dead\n");
                return 1;
            }
            for (int w = 1; w < size; w++)
                if (doing[w] == -1 && left > 0) give(w);
            rc = MPI_Wait(&q, &s);
        }
        sum += part;
        done++;
        doing[s.MPI_SOURCE] = -1;
    }
    left = 0;
    for (int w = 1; w < size; w++)
        if (doing[w] == -1) give(w);
    printf("pi is %.8f, of %d pieces; %d of %d workers died\n", 4 * sum, pieces, dead, size - 1);
    return fabs(4 * sum - acos(-1)) > 1e-8;
}

static int work(int rank, int pieces, int victim) {
    for (;;) {
        int piece;
        if (MPI_Recv(&piece, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE) != MPI_SUCCESS) return 1; /* no manager */
        if (piece < 0) return 0;
        double part = quarter(piece, pieces);
        if (rank == victim) raise(SIGKILL);
        if (MPI_Send(&part, 1, MPI_DOUBLE, 0, 0, MPI_COMM_WORLD) != MPI_SUCCESS) return 1;
    }
}

int main(int argc, char **argv) {
    int rank, size, wrong, pieces = argc > 1 ? atoi(argv[1]) : 100, victim = argc > 2 ? atoi(argv[2]) : -1;
    MPI_Init(&argc, &argv);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size < 2 || pieces < 1) {
        if (rank == 0) fprintf(stderr, "a manager and at least one worker, and at least one piece\n");
        MPI_Finalize();
        return 1;
    }
    doing = calloc(size, sizeof *doing);
    todo = calloc(pieces, sizeof *todo);
    wrong = rank == 0 ? manage(size, pieces) : work(rank, pieces, victim);
    free(doing);
    free(todo);
    MPI_Finalize();
    return wrong;
}
