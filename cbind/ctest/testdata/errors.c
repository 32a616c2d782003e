/* Invalid arguments: each call gives the class that the standard names. */
#include <string.h>

#include "check.h"

static void point_to_point(int size) {
    int x = 0, flag, y[4];
    MPI_Request r;
    MPI_Status st;
    MPI_Message m = MPI_MESSAGE_NULL;
    MPI_Datatype raw;
    OK(MPI_Type_contiguous(2, MPI_INT, &raw)); /* not committed */
    FAILS(MPI_ERR_RANK, MPI_Send(&x, 1, MPI_INT, size, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_RANK, MPI_Send(&x, 1, MPI_INT, MPI_ANY_SOURCE, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_RANK, MPI_Recv(&x, 1, MPI_INT, -7, 0, MPI_COMM_WORLD, &st));
    FAILS(MPI_ERR_TAG, MPI_Send(&x, 1, MPI_INT, 0, -2, MPI_COMM_WORLD));
    FAILS(MPI_ERR_TAG, MPI_Recv(&x, 1, MPI_INT, 0, -3, MPI_COMM_WORLD, &st));
    FAILS(MPI_ERR_COUNT, MPI_Send(&x, -1, MPI_INT, 0, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_COUNT, MPI_Isend_c(&x, -1, MPI_INT, 0, 0, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_TYPE, MPI_Send(&x, 1, MPI_DATATYPE_NULL, 0, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_TYPE, MPI_Send(&x, 1, raw, 0, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_TYPE, MPI_Send(&x, 1, (MPI_Datatype)MPI_COMM_WORLD, 0, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_COMM, MPI_Send(&x, 1, MPI_INT, 0, 0, MPI_COMM_NULL));
    FAILS(MPI_ERR_COMM, MPI_Isend(&x, 1, MPI_INT, 0, 0, (MPI_Comm)(intptr_t)0x12345670, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Send(NULL, 1, MPI_INT, 0, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_BUFFER, MPI_Bsend(&x, 1, MPI_INT, 0, 0, MPI_COMM_WORLD)); /* nothing attached */
    FAILS(MPI_ERR_RANK, MPI_Probe(size, 0, MPI_COMM_WORLD, &st));
    FAILS(MPI_ERR_TAG, MPI_Iprobe(0, -9, MPI_COMM_WORLD, &flag, &st));
    FAILS(MPI_ERR_REQUEST, MPI_Mrecv(&x, 1, MPI_INT, &m, &st));
    r = (MPI_Request)(intptr_t)0x7fff0;
    FAILS(MPI_ERR_REQUEST, MPI_Wait(&r, &st));
    FAILS(MPI_ERR_REQUEST, MPI_Test(&r, &flag, &st));
    r = MPI_REQUEST_NULL;
    FAILS(MPI_ERR_REQUEST, MPI_Start(&r));
    FAILS(MPI_ERR_REQUEST, MPI_Cancel(&r));
    FAILS(MPI_ERR_REQUEST, MPI_Request_free(&r));
    FAILS(MPI_ERR_COUNT, MPI_Waitall(-1, NULL, NULL));
    OK(MPI_Wait(&r, &st));
    CHECK(st.MPI_SOURCE == MPI_ANY_SOURCE && st.MPI_TAG == MPI_ANY_TAG);
    /* Truncation. */
    OK(MPI_Isend(y, 4, MPI_INT, 0, 9, MPI_COMM_SELF, &r));
    FAILS(MPI_ERR_TRUNCATE, MPI_Recv(y, 2, MPI_INT, 0, 9, MPI_COMM_SELF, &st));
    OK(MPI_Wait(&r, &st));
    MPI_Request rs[2];
    MPI_Status sts[2];
    OK(MPI_Isend(y, 4, MPI_INT, 0, 9, MPI_COMM_SELF, &rs[0]));
    OK(MPI_Irecv(&x, 1, MPI_INT, 0, 9, MPI_COMM_SELF, &rs[1]));
    FAILS(MPI_ERR_IN_STATUS, MPI_Waitall(2, rs, sts));
    CHECK(sts[0].MPI_ERROR == MPI_SUCCESS && sts[1].MPI_ERROR == MPI_ERR_TRUNCATE);
    OK(MPI_Type_free(&raw));
}

static void collectives(int size) {
    int x = 0, y[64];
    MPI_Request r;
    MPI_Op op = MPI_OP_NULL;
    FAILS(MPI_ERR_ROOT, MPI_Bcast(&x, 1, MPI_INT, size, MPI_COMM_WORLD));
    FAILS(MPI_ERR_ROOT, MPI_Reduce(&x, y, 1, MPI_INT, MPI_SUM, -1, MPI_COMM_WORLD));
    FAILS(MPI_ERR_COUNT, MPI_Bcast(&x, -1, MPI_INT, 0, MPI_COMM_WORLD));
    FAILS(MPI_ERR_TYPE, MPI_Allgather(&x, 1, MPI_DATATYPE_NULL, y, 1, MPI_INT, MPI_COMM_WORLD));
    FAILS(MPI_ERR_COMM, MPI_Barrier(MPI_COMM_NULL));
    FAILS(MPI_ERR_OP, MPI_Allreduce(&x, y, 1, MPI_INT, MPI_OP_NULL, MPI_COMM_WORLD));
    FAILS(MPI_ERR_OP, MPI_Allreduce(&x, y, 1, MPI_FLOAT, MPI_BXOR, MPI_COMM_WORLD));
    FAILS(MPI_ERR_OP, MPI_Iallreduce(&x, y, 1, MPI_INT, MPI_MAXLOC, MPI_COMM_WORLD, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Allreduce(&x, &x, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    FAILS(MPI_ERR_OP, MPI_Op_free(&op));
    op = MPI_SUM;
    FAILS(MPI_ERR_OP, MPI_Op_free(&op));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_local(&x, &x, 1, MPI_INT, MPI_SUM));
    FAILS(MPI_ERR_BUFFER, MPI_Reduce_local(MPI_IN_PLACE, &x, 1, MPI_INT, MPI_SUM));
}

/* Buffers that share memory (MPI 5.0, 6.1), and those that only lie within each other. */
static void aliases(void) {
    int rank, x[64], counts[1] = {2}, displs[1] = {0}, apart[1] = {4}, bytes[1] = {0};
    MPI_Datatype types[1] = {MPI_INT}, gaps;
    MPI_Comm c = MPI_COMM_SELF;
    MPI_Request r;
    for (int i = 0; i < 64; i++) x[i] = i;
    MPI_Comm_rank(c, &rank);
    FAILS(MPI_ERR_BUFFER, MPI_Gather(x, 2, MPI_INT, x, 2, MPI_INT, 0, c));
    FAILS(MPI_ERR_BUFFER, MPI_Gather(x + 1, 2, MPI_INT, x, 2, MPI_INT, 0, c));
    FAILS(MPI_ERR_BUFFER, MPI_Gatherv(x, 2, MPI_INT, x, counts, displs, MPI_INT, 0, c));
    FAILS(MPI_ERR_BUFFER, MPI_Scatter(x, 2, MPI_INT, x, 2, MPI_INT, 0, c));
    FAILS(MPI_ERR_BUFFER, MPI_Scatterv(x, counts, displs, MPI_INT, x, 2, MPI_INT, 0, c));
    FAILS(MPI_ERR_BUFFER, MPI_Allgather(x, 2, MPI_INT, x, 2, MPI_INT, c));
    FAILS(MPI_ERR_BUFFER, MPI_Iallgatherv(x, 2, MPI_INT, x, counts, displs, MPI_INT, c, &r));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoall(x, 2, MPI_INT, x, 2, MPI_INT, c));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoallv(x, counts, displs, MPI_INT, x, counts, displs, MPI_INT, c));
    FAILS(MPI_ERR_BUFFER, MPI_Alltoallw(x, counts, bytes, types, x, counts, bytes, types, c));
    OK(MPI_Gatherv(x, 2, MPI_INT, x, counts, apart, MPI_INT, 0, c));
    CHECK(x[4] == 0 && x[5] == 1 && x[6] == 6);
    OK(MPI_Gather(x, 0, MPI_INT, x, 0, MPI_INT, 0, c));
    OK(MPI_Type_vector(2, 1, 2, MPI_INT, &gaps));
    OK(MPI_Type_commit(&gaps));
    OK(MPI_Allgather(x + 8, 1, gaps, x + 9, 1, gaps, c)); /* the odd ones from the even ones */
    CHECK(x[9] == 8 && x[10] == 10 && x[11] == 10);
    OK(MPI_Type_free(&gaps));
    /* What a rank gives itself fits where it gets it. */
    FAILS(MPI_ERR_TRUNCATE, MPI_Allgather(x, 3, MPI_INT, x + 8, 2, MPI_INT, c));
    FAILS(MPI_ERR_NOT_SAME, MPI_Alltoall(x, 1, MPI_INT, x + 8, 2, MPI_INT, c));
    FAILS(MPI_ERR_TRUNCATE, MPI_Gatherv(x, 3, MPI_INT, x + 8, counts, displs, MPI_INT, 0, c));
    FAILS(MPI_ERR_NOT_SAME, MPI_Scatterv(x, counts, displs, MPI_INT, x + 8, 3, MPI_INT, 0, c));
    OK(MPI_Allgather(x, 2, MPI_INT, x + 8, 2, MPI_INT, c));
}

static void objects(int size) {
    MPI_Comm c = MPI_COMM_WORLD, made;
    MPI_Group g, h = MPI_GROUP_NULL;
    MPI_Datatype t = MPI_INT;
    MPI_Errhandler e = MPI_ERRHANDLER_NULL;
    MPI_Info info = MPI_INFO_NULL;
    int ranks[2] = {0, 0}, n, flag, key = MPI_KEYVAL_INVALID;
    char text[MPI_MAX_INFO_KEY + 10];
    void *value;
    OK(MPI_Comm_group(c, &g));
    FAILS(MPI_ERR_COMM, MPI_Comm_free(&c));
    FAILS(MPI_ERR_COMM, MPI_Comm_size(MPI_COMM_NULL, &n));
    FAILS(MPI_ERR_ARG, MPI_Comm_size(MPI_COMM_WORLD, NULL));
    FAILS(MPI_ERR_ARG, MPI_Comm_split(MPI_COMM_WORLD, -3, 0, &made));
    made = MPI_COMM_WORLD;
    FAILS(MPI_ERR_DIMS, MPI_Cart_create(MPI_COMM_WORLD, 2, (int[]){size, 2}, (int[]){0, 0}, 0, &made));
    CHECK(made == MPI_COMM_NULL);
    MPI_Aint bound = 17;
    FAILS(MPI_ERR_ARG, MPI_Type_ub(MPI_INT, NULL));
    OK(MPI_Type_ub(MPI_INT, &bound));
    CHECK(bound == sizeof(int));
    FAILS(MPI_ERR_GROUP, MPI_Comm_create(MPI_COMM_WORLD, MPI_GROUP_NULL, &made));
    FAILS(MPI_ERR_RANK, MPI_Group_incl(g, 2, ranks, &h));
    ranks[0] = size;
    FAILS(MPI_ERR_RANK, MPI_Group_excl(g, 1, ranks, &h));
    FAILS(MPI_ERR_GROUP, MPI_Group_size(MPI_GROUP_NULL, &n));
    FAILS(MPI_ERR_GROUP, MPI_Group_free(&h));
    FAILS(MPI_ERR_TYPE, MPI_Type_free(&t));
    FAILS(MPI_ERR_COUNT, MPI_Type_contiguous(-1, MPI_INT, &t));
    FAILS(MPI_ERR_TYPE, MPI_Type_size(MPI_DATATYPE_NULL, &n));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRHANDLER_NULL));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Errhandler_free(&e));
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_get_attr(MPI_COMM_WORLD, key, &value, &flag));
    FAILS(MPI_ERR_KEYVAL, MPI_Comm_free_keyval(&key));
    FAILS(MPI_ERR_INFO, MPI_Info_free(&info));
    OK(MPI_Info_create(&info));
    memset(text, 'k', sizeof text);
    text[sizeof text - 1] = 0;
    FAILS(MPI_ERR_INFO_KEY, MPI_Info_set(info, text, "v"));
    FAILS(MPI_ERR_INFO_KEY, MPI_Info_set(info, "", "v"));
    FAILS(MPI_ERR_INFO_NOKEY, MPI_Info_delete(info, "absent"));
    OK(MPI_Info_free(&info));
    FAILS(MPI_ERR_ARG, MPI_Error_string(123456, text, &n));
    OK(MPI_Group_free(&g));
}

int main(int argc, char **argv) {
    int size;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    point_to_point(size);
    collectives(size);
    aliases();
    objects(size);
    FAILS(MPI_ERR_OTHER, MPI_Init(&argc, &argv));
    OK(MPI_Finalize());
    return 0;
}
