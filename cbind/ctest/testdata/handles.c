/*
 * Predefined handles are small integers in pointers' clothing: the Go runtime throws when it finds
 * one in a pointer while it moves a goroutine's stack. Every new thread begins with a small stack in
 * Go, which grows on its first calls.
 */
#include <pthread.h>
#include <string.h>

#include "check.h"

enum { THREADS = 16, ROUNDS = 30 };

static void *work(void *arg) {
    int me = (int)(intptr_t)arg;
    for (int i = 0; i < ROUNDS; i++) {
        int in[64], out[64], sum[64], size = 0, blocks[2] = {3, 1};
        MPI_Aint displs[2] = {0, 64}, lb, extent;
        MPI_Datatype types[2] = {MPI_DOUBLE, MPI_CHAR}, made;
        MPI_Request r[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        MPI_Group world, none;
        MPI_Status st;
        for (int k = 0; k < 64; k++) in[k] = me + i + k;
        OK(MPI_Irecv(out, 64, MPI_INT, MPI_PROC_NULL, MPI_ANY_TAG, MPI_COMM_WORLD, &r[0]));
        OK(MPI_Waitall(2, r, MPI_STATUSES_IGNORE));
        OK(MPI_Sendrecv(in, 64, MPI_INT, 0, me, out, 64, MPI_INT, 0, me, MPI_COMM_SELF, &st));
        CHECK(!memcmp(in, out, sizeof in) && st.MPI_SOURCE == 0 && st.MPI_TAG == me);
        memcpy(sum, in, sizeof in);
        OK(MPI_Reduce_local(in, sum, 64, MPI_INT, MPI_SUM));
        CHECK(sum[5] == 2 * in[5]);
        OK(MPI_Type_create_struct(2, blocks, displs, types, &made));
        OK(MPI_Type_commit(&made));
        OK(MPI_Type_get_extent(made, &lb, &extent));
        OK(MPI_Type_size(made, &size));
        CHECK(lb == 0 && extent == 72 && size == 25);
        OK(MPI_Type_free(&made));
        CHECK(made == MPI_DATATYPE_NULL);
        OK(MPI_Comm_group(MPI_COMM_WORLD, &world));
        OK(MPI_Group_difference(world, world, &none));
        CHECK(none == MPI_GROUP_EMPTY);
        OK(MPI_Group_free(&world));
        CHECK(MPI_Comm_fromint(MPI_Comm_toint(MPI_COMM_WORLD)) == MPI_COMM_WORLD);
    }
    return NULL;
}

int main(int argc, char **argv) {
    int provided, size;
    pthread_t t[THREADS];
    OK(MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &provided));
    CHECK(provided == MPI_THREAD_MULTIPLE);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&t[i], NULL, work, (void *)(intptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(t[i], NULL);
    int one = 1, all = 0;
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Allreduce(&one, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    CHECK(all == size);
    OK(MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    CHECK(all == size * size);
    OK(MPI_Finalize());
    return 0;
}
