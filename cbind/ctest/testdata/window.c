/*
 * Windows as C sees them: attributes, hints, names, handlers, keys, requests, and what is refused.
 */
#include <string.h>

#include "check.h"

static int heard, deleted;
static void hear(MPI_Win *w, int *rc, ...) {
    int class_;
    MPI_Error_class(*rc, &class_);
    heard = class_;
}
static int forget(MPI_Win w, int key, void *value, void *extra) {
    deleted += *(int *)value;
    return MPI_SUCCESS;
}

static void attributes(MPI_Win w, void *base, MPI_Aint size, int unit, int flavor) {
    void *p;
    int flag = 0;
    OK(MPI_Win_get_attr(w, MPI_WIN_BASE, &p, &flag));
    CHECK(flag && p == base);
    OK(MPI_Win_get_attr(w, MPI_WIN_SIZE, &p, &flag));
    CHECK(flag && *(MPI_Aint *)p == size);
    OK(MPI_Win_get_attr(w, MPI_WIN_DISP_UNIT, &p, &flag));
    CHECK(flag && *(int *)p == unit);
    OK(MPI_Win_get_attr(w, MPI_WIN_CREATE_FLAVOR, &p, &flag));
    CHECK(flag && *(int *)p == flavor);
    OK(MPI_Win_get_attr(w, MPI_WIN_MODEL, &p, &flag));
    CHECK(flag && *(int *)p == MPI_WIN_UNIFIED);
}

static void objects(MPI_Win w) {
    static int value = 7; /* the delete function reads it at the end */
    int key, flag, length;
    void *p;
    char name[MPI_MAX_OBJECT_NAME], hint[8];
    MPI_Info info;
    MPI_Errhandler handler, was;
    OK(MPI_Win_get_name(w, name, &length));
    CHECK(length == 0 && name[0] == 0);
    OK(MPI_Win_set_name(w, "bins"));
    OK(MPI_Win_get_name(w, name, &length));
    CHECK(length == 4 && !strcmp(name, "bins"));
    OK(MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, forget, &key, NULL));
    OK(MPI_Win_set_attr(w, key, &value));
    OK(MPI_Win_get_attr(w, key, &p, &flag));
    CHECK(flag && p == &value);
    OK(MPI_Win_free_keyval(&key));
    OK(MPI_Win_get_info(w, &info));
    OK(MPI_Info_get(info, "no_locks", 7, hint, &flag));
    CHECK(flag && !strcmp(hint, "false"));
    OK(MPI_Info_free(&info));
    OK(MPI_Win_get_errhandler(w, &was));
    CHECK(was == MPI_ERRORS_ARE_FATAL);
    OK(MPI_Win_create_errhandler(hear, &handler));
    OK(MPI_Win_set_errhandler(w, handler));
    OK(MPI_Errhandler_free(&handler));
    OK(MPI_Win_call_errhandler(w, MPI_ERR_OTHER));
    CHECK(heard == MPI_ERR_OTHER);
}

/* Every wrong call gives its class through the window's handler. */
static void refused(MPI_Win w, int size) {
    int x = 0;
    FAILS(MPI_ERR_RMA_SYNC, MPI_Put(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, w));
    CHECK(heard == MPI_ERR_RMA_SYNC);
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_unlock(0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_flush(0, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_complete(w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_wait(w));
    FAILS(MPI_ERR_LOCKTYPE, MPI_Win_lock(0, 0, 0, w));
    FAILS(MPI_ERR_RANK, MPI_Win_lock(MPI_LOCK_SHARED, size, 0, w));
    FAILS(MPI_ERR_RMA_FLAVOR, MPI_Win_attach(w, &x, sizeof x));
    OK(MPI_Win_lock_all(0, w));
    FAILS(MPI_ERR_RMA_RANGE, MPI_Put(&x, 1, MPI_INT, 0, 10, 1, MPI_INT, w));
    FAILS(MPI_ERR_RANK, MPI_Get(&x, 1, MPI_INT, size, 0, 1, MPI_INT, w));
    FAILS(MPI_ERR_OP, MPI_Accumulate(&x, 1, MPI_INT, 0, 0, 1, MPI_INT, MPI_OP_NULL, w));
    FAILS(MPI_ERR_TYPE, MPI_Get(&x, 1, MPI_DATATYPE_NULL, 0, 0, 1, MPI_INT, w));
    FAILS(MPI_ERR_RMA_SYNC, MPI_Win_fence(0, w));
    OK(MPI_Put(&x, 1, MPI_INT, MPI_PROC_NULL, 0, 1, MPI_INT, w));
    OK(MPI_Win_unlock_all(w));
    OK(MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN));
    FAILS(MPI_ERR_WIN, MPI_Win_fence(0, MPI_WIN_NULL));
}

static void requests(MPI_Win w, int rank, int size, int *mine) {
    int next = (rank + 1) % size, before = (rank + size - 1) % size, got[3] = {0}, old = -1;
    int out[3] = {rank, rank + 1, rank + 2};
    MPI_Request r[2];
    OK(MPI_Win_fence(0, w));
    OK(MPI_Win_fence(MPI_MODE_NOSUCCEED, w));
    OK(MPI_Win_lock_all(0, w));
    OK(MPI_Rput(out, 3, MPI_INT, next, 2, 3, MPI_INT, w, &r[0]));
    OK(MPI_Wait(&r[0], MPI_STATUS_IGNORE));
    OK(MPI_Win_flush(next, w));
    OK(MPI_Rget(got, 3, MPI_INT, next, 2, 3, MPI_INT, w, &r[0]));
    OK(MPI_Rget_accumulate(out, 1, MPI_INT, &old, 1, MPI_INT, next, 0, 1, MPI_INT, MPI_REPLACE, w, &r[1]));
    OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
    CHECK(!memcmp(out, got, sizeof out) && old == 0);
    OK(MPI_Win_unlock_all(w));
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Win_sync(w));
    CHECK(mine[0] == before && mine[2] == before && mine[4] == before + 2);
    OK(MPI_Barrier(MPI_COMM_WORLD));
}

int main(int argc, char **argv) {
    int rank, size, memory[8] = {0}, *shared, unit;
    MPI_Win w;
    MPI_Aint n, wide;
    MPI_Group group, all;
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));

    OK(MPI_Win_create(memory, sizeof memory, sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &w));
    attributes(w, memory, sizeof memory, sizeof(int), MPI_WIN_FLAVOR_CREATE);
    objects(w);
    refused(w, size);
    requests(w, rank, size, memory);
    OK(MPI_Win_get_group(w, &group));
    OK(MPI_Comm_group(MPI_COMM_WORLD, &all));
    int same;
    OK(MPI_Group_compare(group, all, &same));
    CHECK(same == MPI_IDENT);
    OK(MPI_Group_free(&group));
    OK(MPI_Group_free(&all));
    OK(MPI_Win_free(&w));
    CHECK(w == MPI_WIN_NULL && deleted == 7);

    OK(MPI_Win_allocate_shared_c(4 * sizeof(int), sizeof(int), MPI_INFO_NULL, MPI_COMM_WORLD, &shared, &w));
    attributes(w, shared, 4 * sizeof(int), sizeof(int), MPI_WIN_FLAVOR_SHARED);
    int *first, *last;
    OK(MPI_Win_shared_query(w, 0, &n, &unit, &first));
    CHECK(n == 4 * sizeof(int) && unit == sizeof(int) && first + 4 * rank == shared); /* one after the other */
    OK(MPI_Win_shared_query_c(w, size - 1, &n, &wide, &last));
    CHECK(wide == sizeof(int) && last == first + 4 * (size - 1));
    OK(MPI_Win_fence(0, w));
    last[rank % 4] = 1;
    OK(MPI_Win_fence(0, w));
    CHECK(last[0] == 1);
    OK(MPI_Win_free(&w));

    OK(MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &w));
    OK(MPI_Win_set_errhandler(w, MPI_ERRORS_RETURN));
    OK(MPI_Win_attach(w, memory, sizeof memory));
    MPI_Aint where[64], here;
    OK(MPI_Get_address(memory, &here));
    OK(MPI_Allgather(&here, 1, MPI_AINT, where, 1, MPI_AINT, MPI_COMM_WORLD));
    memory[1] = 0;
    OK(MPI_Barrier(MPI_COMM_WORLD));
    int one = 1, next = (rank + 1) % size;
    OK(MPI_Win_lock(MPI_LOCK_EXCLUSIVE, next, 0, w));
    OK(MPI_Accumulate(&one, 1, MPI_INT, next, MPI_Aint_add(where[next], sizeof(int)), 1, MPI_INT, MPI_SUM, w));
    OK(MPI_Win_unlock(next, w));
    OK(MPI_Barrier(MPI_COMM_WORLD));
    CHECK(memory[1] == 1);
    OK(MPI_Win_detach(w, memory));
    FAILS(MPI_ERR_BASE, MPI_Win_detach(w, memory));
    OK(MPI_Barrier(MPI_COMM_WORLD));
    OK(MPI_Win_lock(MPI_LOCK_SHARED, next, 0, w));
    if (next != rank)
        OK(MPI_Accumulate(&one, 1, MPI_INT, next, where[next], 1, MPI_INT, MPI_SUM, w));
    FAILS(next == rank ? MPI_SUCCESS : MPI_ERR_RMA_RANGE, MPI_Win_unlock(next, w));
    OK(MPI_Win_free(&w));

    OK(MPI_Finalize());
    puts("windows are fine");
    return 0;
}
