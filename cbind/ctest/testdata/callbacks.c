/* Functions of the program run on its own thread, outside Go: they may call MPI and longjmp. */
#include <setjmp.h>
#include <string.h>

#include "check.h"

static jmp_buf back;
static int calls;

/* An operation that calls MPI: it asks for the type's size and exchanges a message with itself. */
static void add(void *in, void *inout, int *len, MPI_Datatype *type) {
    int size, x = 7, y = 0;
    calls++;
    OK(MPI_Type_size(*type, &size));
    CHECK(size == sizeof(double) && *type == MPI_DOUBLE);
    OK(MPI_Sendrecv(&x, 1, MPI_INT, 0, 1, &y, 1, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    CHECK(y == 7);
    for (int i = 0; i < *len; i++) ((double *)inout)[i] += ((double *)in)[i];
}

/* The same as a large-count function, on a derived type whose handle it compares. */
static MPI_Datatype pair;
static void add_pairs(void *in, void *inout, MPI_Count *len, MPI_Datatype *type) {
    CHECK(*type == pair);
    for (MPI_Count i = 0; i < 2 * *len; i++) ((int *)inout)[i] += ((int *)in)[i];
}

/* Not commutative: keeps what comes from the highest rank. */
static void right(void *in, void *inout, int *len, MPI_Datatype *type) { (void)in, (void)inout, (void)len, (void)type; }

static void jump(void *in, void *inout, int *len, MPI_Datatype *type) {
    (void)in, (void)inout, (void)len, (void)type;
    longjmp(back, 1);
}

static void handler(MPI_Comm *comm, int *code, ...) {
    int class_, flag;
    OK(MPI_Error_class(*code, &class_));
    CHECK(class_ == MPI_ERR_RANK);
    OK(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, *comm, &flag, MPI_STATUS_IGNORE));
    calls++;
    if (calls == 2) longjmp(back, 2);
}

static int copied, deleted;
static int copy(MPI_Comm comm, int key, void *extra, void *in, void *out, int *flag) {
    int size;
    OK(MPI_Comm_size(comm, &size));
    CHECK(extra == &copied);
    copied++;
    *(void **)out = (char *)in + 1;
    *flag = 1;
    return MPI_SUCCESS;
}
static int delete_(MPI_Comm comm, int key, void *value, void *extra) {
    int rank;
    OK(MPI_Comm_rank(comm, &rank));
    deleted++;
    return value == (void *)100 ? MPI_ERR_OTHER : MPI_SUCCESS;
}

static void operations(int size, int rank) {
    MPI_Op op;
    double in[100], out[100];
    for (int i = 0; i < 100; i++) in[i] = rank + i;
    OK(MPI_Op_create(add, 1, &op));
    OK(MPI_Allreduce(in, out, 100, MPI_DOUBLE, op, MPI_COMM_WORLD));
    for (int i = 0; i < 100; i++) CHECK(out[i] == size * (size - 1) / 2 + i * size);
    MPI_Request r; /* freed while it is in use */
    OK(MPI_Iallreduce(in, out, 100, MPI_DOUBLE, op, MPI_COMM_WORLD, &r));
    OK(MPI_Op_free(&op));
    CHECK(op == MPI_OP_NULL);
    for (int flag = 0; !flag;) OK(MPI_Test(&r, &flag, MPI_STATUS_IGNORE));
    CHECK(out[3] == size * (size - 1) / 2 + 3 * size);

    int p[4] = {1, 2, 3, rank}, q[4];
    OK(MPI_Type_contiguous(2, MPI_INT, &pair));
    OK(MPI_Type_commit(&pair));
    OK(MPI_Op_create_c(add_pairs, 1, &op));
    OK(MPI_Allreduce(p, q, 2, pair, op, MPI_COMM_WORLD));
    CHECK(q[0] == size && q[2] == 3 * size && q[3] == size * (size - 1) / 2);
    OK(MPI_Type_free(&pair));
    OK(MPI_Op_free(&op));

    OK(MPI_Op_create(right, 0, &op));
    int me = rank, last = -1;
    OK(MPI_Allreduce(&me, &last, 1, MPI_INT, op, MPI_COMM_WORLD));
    CHECK(last == size - 1);
    OK(MPI_Op_free(&op));

    OK(MPI_Op_create(jump, 1, &op));
    if (setjmp(back) == 0) {
        OK(MPI_Reduce_local(in, out, 1, MPI_DOUBLE, op));
        CHECK(!"longjmp came back");
    }
    OK(MPI_Barrier(MPI_COMM_WORLD)); /* MPI goes on after a jump out of a callback */
}

static void handlers(void) {
    MPI_Errhandler h, was;
    int x = 0;
    calls = 0;
    OK(MPI_Comm_create_errhandler(handler, &h));
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, h));
    OK(MPI_Errhandler_free(&h));
    FAILS(MPI_ERR_RANK, MPI_Send(&x, 1, MPI_INT, 1 << 20, 0, MPI_COMM_WORLD));
    CHECK(calls == 1);
    switch (setjmp(back)) {
    case 0:
        MPI_Send(&x, 1, MPI_INT, 1 << 20, 0, MPI_COMM_WORLD);
        CHECK(!"longjmp came back");
    case 2: break;
    default: CHECK(!"another jump");
    }
    OK(MPI_Comm_get_errhandler(MPI_COMM_WORLD, &was));
    OK(MPI_Errhandler_free(&was));
    OK(MPI_Comm_call_errhandler(MPI_COMM_WORLD, MPI_ERR_RANK));
    CHECK(calls == 3);
    OK(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
}

static int refuse(MPI_Comm c, int key, void *extra, void *in, void *out, int *flag) { return MPI_ERR_OTHER; }

/* A copy function that fails makes the dup fail, and the new handle is null. */
static void refused(void) {
    int key;
    MPI_Comm dup = MPI_COMM_SELF;
    OK(MPI_Comm_create_keyval(refuse, MPI_COMM_NULL_DELETE_FN, &key, NULL));
    OK(MPI_Comm_set_attr(MPI_COMM_WORLD, key, NULL));
    FAILS(MPI_ERR_OTHER, MPI_Comm_dup(MPI_COMM_WORLD, &dup));
    CHECK(dup == MPI_COMM_NULL);
    OK(MPI_Comm_delete_attr(MPI_COMM_WORLD, key));
    OK(MPI_Comm_free_keyval(&key));
}

static void attributes(void) {
    int key, flag;
    void *value;
    MPI_Comm dup;
    OK(MPI_Comm_create_keyval(copy, delete_, &key, &copied));
    OK(MPI_Comm_set_attr(MPI_COMM_WORLD, key, (void *)1));
    OK(MPI_Comm_set_attr(MPI_COMM_WORLD, key, (void *)41)); /* deletes the older value */
    CHECK(deleted == 1);
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &dup));
    OK(MPI_Comm_get_attr(dup, key, &value, &flag));
    CHECK(copied == 1 && flag && value == (void *)42);
    OK(MPI_Comm_set_attr(dup, key, (void *)100));
    FAILS(MPI_ERR_OTHER, MPI_Comm_delete_attr(dup, key)); /* its function refuses */
    OK(MPI_Comm_get_attr(dup, key, &value, &flag));
    CHECK(flag && value == (void *)100);
    int ours = key; /* the key lives on in the attributes after it is freed */
    OK(MPI_Comm_free_keyval(&key));
    CHECK(key == MPI_KEYVAL_INVALID && ours != key);
    FAILS(MPI_ERR_OTHER, MPI_Comm_free(&dup));
}

static int queried, freed, cancelled;
static int query(void *extra, MPI_Status *st) {
    queried++;
    MPI_Status_set_elements(st, MPI_INT, 3);
    MPI_Status_set_cancelled(st, 0);
    st->MPI_SOURCE = 5, st->MPI_TAG = 6;
    return MPI_SUCCESS;
}
static int release(void *extra) { return freed++, MPI_SUCCESS; }
static int cancel(void *extra, int complete) { return cancelled++, MPI_SUCCESS; }

static void generalized(void) {
    MPI_Request r[2];
    MPI_Status st[2];
    int flag, count;
    OK(MPI_Grequest_start(query, release, cancel, NULL, &r[0]));
    OK(MPI_Test(&r[0], &flag, &st[0]));
    CHECK(!flag);
    OK(MPI_Cancel(&r[0]));
    CHECK(cancelled == 1);
    OK(MPI_Grequest_complete(r[0]));
    OK(MPI_Irecv(NULL, 0, MPI_INT, MPI_PROC_NULL, 0, MPI_COMM_WORLD, &r[1]));
    OK(MPI_Waitall(2, r, st));
    OK(MPI_Get_count(&st[0], MPI_INT, &count));
    CHECK(count == 3 && st[0].MPI_SOURCE == 5 && st[0].MPI_TAG == 6 && queried == 1 && freed == 1);
    CHECK(r[0] == MPI_REQUEST_NULL && st[1].MPI_SOURCE == MPI_PROC_NULL);
}

int main(int argc, char **argv) {
    int size, rank;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    operations(size, rank);
    handlers();
    refused();
    attributes();
    generalized();
    int before = deleted;
    OK(MPI_Finalize());
    CHECK(deleted > before); /* those of MPI_COMM_WORLD */
    return 0;
}
