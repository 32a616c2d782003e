/*
 * Collectives in which one rank says something else than the others. The standard calls that erroneous;
 * here somebody gets MPI_ERR_TRUNCATE or MPI_ERR_NOT_SAME, nobody waits for ever, nothing past a buffer
 * is written, and the communicator is as good as before. What no message tells of is not found: ranks that
 * all wait for each other, as where none takes itself for the root, and a v call in which one side of a
 * pair says 0.
 */
#include <string.h>
#include <unistd.h>

#include "check.h"

enum { LONG = 40000, MOST = 4, GUARD = 0x5a };

enum call {
    BCAST, GATHER, SCATTER, ALLGATHER, ALLTOALL, REDUCE, ALLREDUCE, SCAN, EXSCAN, REDUCE_SCATTER_BLOCK, REDUCE_SCATTER,
    ALLGATHERV, /* the calls below do not tell all ranks how long they are */
    GATHERV, SCATTERV, ALLTOALLV, ALLTOALLW, NEIGHBOR_ALLGATHER, NEIGHBOR_ALLTOALL, CALLS, BARRIER
};

static int rank, size;
static MPI_Comm comm;
static int out[MOST * (LONG + 1)], in[2 * MOST * (LONG + 1)];

/* begin starts a call in which this rank says n elements per block. */
static int begin(enum call call, int n, int root, MPI_Request *r) {
    int counts[MOST], displs[MOST], byteDispls[MOST];
    MPI_Datatype types[MOST];
    MPI_Comm c = comm;
    for (int i = 0; i < size; i++) counts[i] = n, displs[i] = i * n, byteDispls[i] = 4 * i * n, types[i] = MPI_INT;
#define BOTH(Name, ...) return r ? MPI_I##Name(__VA_ARGS__, r) : CALL_##Name(__VA_ARGS__)
#define CALL_bcast MPI_Bcast
#define CALL_gather MPI_Gather
#define CALL_scatter MPI_Scatter
#define CALL_allgather MPI_Allgather
#define CALL_alltoall MPI_Alltoall
#define CALL_reduce MPI_Reduce
#define CALL_allreduce MPI_Allreduce
#define CALL_scan MPI_Scan
#define CALL_exscan MPI_Exscan
#define CALL_reduce_scatter_block MPI_Reduce_scatter_block
#define CALL_reduce_scatter MPI_Reduce_scatter
#define CALL_allgatherv MPI_Allgatherv
#define CALL_gatherv MPI_Gatherv
#define CALL_scatterv MPI_Scatterv
#define CALL_alltoallv MPI_Alltoallv
#define CALL_alltoallw MPI_Alltoallw
#define CALL_neighbor_allgather MPI_Neighbor_allgather
#define CALL_neighbor_alltoall MPI_Neighbor_alltoall
#define CALL_barrier MPI_Barrier
    switch (call) {
    case BCAST: BOTH(bcast, in, n, MPI_INT, root, c);
    case GATHER: BOTH(gather, out, n, MPI_INT, in, n, MPI_INT, root, c);
    case SCATTER: BOTH(scatter, out, n, MPI_INT, in, n, MPI_INT, root, c);
    case ALLGATHER: BOTH(allgather, out, n, MPI_INT, in, n, MPI_INT, c);
    case ALLTOALL: BOTH(alltoall, out, n, MPI_INT, in, n, MPI_INT, c);
    case REDUCE: BOTH(reduce, out, in, n, MPI_INT, MPI_SUM, root, c);
    case ALLREDUCE: BOTH(allreduce, out, in, n, MPI_INT, MPI_SUM, c);
    case SCAN: BOTH(scan, out, in, n, MPI_INT, MPI_SUM, c);
    case EXSCAN: BOTH(exscan, out, in, n, MPI_INT, MPI_SUM, c);
    case REDUCE_SCATTER_BLOCK: BOTH(reduce_scatter_block, out, in, n, MPI_INT, MPI_SUM, c);
    case REDUCE_SCATTER: BOTH(reduce_scatter, out, in, counts, MPI_INT, MPI_SUM, c);
    case ALLGATHERV: BOTH(allgatherv, out, n, MPI_INT, in, counts, displs, MPI_INT, c);
    case GATHERV: BOTH(gatherv, out, n, MPI_INT, in, counts, displs, MPI_INT, root, c);
    case SCATTERV: BOTH(scatterv, out, counts, displs, MPI_INT, in, n, MPI_INT, root, c);
    case ALLTOALLV: BOTH(alltoallv, out, counts, displs, MPI_INT, in, counts, displs, MPI_INT, c);
    case ALLTOALLW: BOTH(alltoallw, out, counts, byteDispls, types, in, counts, byteDispls, types, c);
    case NEIGHBOR_ALLGATHER: BOTH(neighbor_allgather, out, n, MPI_INT, in, n, MPI_INT, c);
    case NEIGHBOR_ALLTOALL: BOTH(neighbor_alltoall, out, n, MPI_INT, in, n, MPI_INT, c);
    default: BOTH(barrier, c);
    }
}

/* length is how many elements of in a rank that says n may see written. */
static int length(enum call call, int n, int root) {
    switch (call) {
    case ALLGATHER: case ALLGATHERV: case ALLTOALL: case ALLTOALLV: case ALLTOALLW: return n * size;
    case NEIGHBOR_ALLGATHER: case NEIGHBOR_ALLTOALL: return 2 * n;
    case GATHER: case GATHERV: return rank == root ? n * size : 0;
    case REDUCE: return rank == root ? n : 0;
    case BARRIER: return 0;
    default: return n;
    }
}

/* A difference: what most ranks call, and what one does. */
struct difference {
    enum call call, oddCall;
    int n, oddN, root, oddRoot;
};

static void differ(struct difference d, int odd, int nonblocking) {
    enum call call = rank == odd ? d.oddCall : d.call;
    int n = rank == odd ? d.oddN : d.n, root = rank == odd ? d.oddRoot : d.root;
    int got[2] = {0, 0}, all[2], rc, class = MPI_SUCCESS;
    memset(in, GUARD, sizeof in);
    alarm(20); /* a hang is a failure */
    if (nonblocking) {
        MPI_Request r;
        OK(begin(call, n, root, &r));
        rc = MPI_Wait(&r, MPI_STATUS_IGNORE);
    } else {
        rc = begin(call, n, root, NULL);
    }
    MPI_Error_class(rc, &class);
    got[0] = class == MPI_ERR_TRUNCATE || class == MPI_ERR_NOT_SAME;
    got[1] = class != MPI_SUCCESS && !got[0];
    for (int i = length(call, n, root); i < (int)(sizeof in / sizeof *in); i++)
        if (in[i] != 0x5a5a5a5a) {
            fprintf(stderr, "call %d: memory past the buffer of %d elements was written at %d\n", call, length(call, n, root), i);
            exit(1);
        }
    OK(MPI_Allreduce(got, all, 2, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    if (all[0] == 0 || all[1] != 0) {
        fprintf(stderr, "calls %d and %d of %d and %d elements, roots %d and %d, odd rank %d: %d errors of the right classes, %d others, here %d\n",
                d.call, d.oddCall, d.n, d.oddN, d.root, d.oddRoot, odd, all[0], all[1], class);
        exit(1);
    }
    /* The communicator still works. */
    int sum = 0, one = 1, token = rank == 0 ? 77 : 0;
    OK(MPI_Allreduce(&one, &sum, 1, MPI_INT, MPI_SUM, comm));
    OK(MPI_Bcast(&token, 1, MPI_INT, 0, comm));
    CHECK(sum == size && token == 77);
}

int main(int argc, char **argv) {
    static const int lengths[][2] = {{4, 8}, {8, 4}, {1, 2}, {LONG, 4}, {4, LONG}, {LONG, LONG + 1}, {LONG + 1, LONG}, {4, 0}, {0, 4}, {LONG, 0}, {0, LONG}};
    MPI_Comm cart;
    int periods = 1;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    CHECK(size <= MOST);
    if (size == 1) return MPI_Finalize(); /* nobody to disagree with */
    OK(MPI_Cart_create(MPI_COMM_WORLD, 1, &size, &periods, 0, &cart));
    comm = cart;
    OK(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    for (unsigned i = 0; i < sizeof out / sizeof *out; i++) out[i] = (int)i;
    for (int nonblocking = 0; nonblocking <= 1; nonblocking++)
        for (int odd = 0; odd < size; odd += size - 1) {
            for (enum call call = BCAST; call < CALLS; call++)
                for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
                    int n = lengths[i][0], oddN = lengths[i][1];
                    if (call > ALLGATHERV && (n == 0 || oddN == 0)) continue; /* no message tells of it */
                    differ((struct difference){call, call, n, oddN, 0, 0}, odd, nonblocking);
                }
            int other = size - 1;
            if (odd == other) { /* a rank 0 that waits as all others do sends nothing that would tell */
                differ((struct difference){BCAST, BCAST, LONG, LONG, 0, other}, odd, nonblocking);
                differ((struct difference){BCAST, BARRIER, 4, 0, 0, 0}, odd, nonblocking);
            }
            differ((struct difference){ALLREDUCE, BCAST, LONG, LONG, 0, 0}, odd, nonblocking);
            differ((struct difference){ALLTOALL, ALLGATHER, LONG, LONG, 0, 0}, odd, nonblocking);
        }
    OK(MPI_Comm_free(&cart));
    OK(MPI_Finalize());
    return 0;
}
