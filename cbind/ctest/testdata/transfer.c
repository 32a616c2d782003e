/* Transfers in all modes between neighbours, large counts, probes, packing, derived types. */
#include <string.h>

#include "check.h"

static int rank, size, left, right;

static void modes(void) {
    int x[1000], y[1000];
    char room[3 * (sizeof x + MPI_BSEND_OVERHEAD)], *back;
    MPI_Request r[6];
    MPI_Status st[6];
    for (int i = 0; i < 1000; i++) x[i] = rank * 1000 + i;
    OK(MPI_Buffer_attach(room, sizeof room));
    for (int k = 0; k < 3; k++) {
        memset(y, 0, sizeof y);
        OK(MPI_Irecv(y, 1000, MPI_INT, left, k, MPI_COMM_WORLD, &r[0]));
        if (k == 0) OK(MPI_Bsend(x, 1000, MPI_INT, right, k, MPI_COMM_WORLD));
        if (k == 1) OK(MPI_Isend_c(x, 1000, MPI_INT, right, k, MPI_COMM_WORLD, &r[1]));
        if (k == 2) OK(MPI_Issend(x, 1000, MPI_INT, right, k, MPI_COMM_WORLD, &r[1]));
        OK(MPI_Waitall(k == 0 ? 1 : 2, r, st));
        CHECK(y[0] == left * 1000 && y[999] == left * 1000 + 999 && st[0].MPI_SOURCE == left && st[0].MPI_TAG == k);
    }
    int n;
    OK(MPI_Buffer_detach(&back, &n));
    CHECK(back == room && n == sizeof room);
    /* Persistent, a few times. */
    OK(MPI_Recv_init(y, 1000, MPI_INT, left, 5, MPI_COMM_WORLD, &r[0]));
    OK(MPI_Send_init(x, 1000, MPI_INT, right, 5, MPI_COMM_WORLD, &r[1]));
    for (int k = 0; k < 5; k++) {
        int flag = 0, some, index[2];
        x[7] = k;
        OK(MPI_Startall(2, r));
        if (k == 0) OK(MPI_Waitall(2, r, st));
        if (k == 1) while (!flag) OK(MPI_Testall(2, r, &flag, st));
        for (int done = 0; k == 2 && done < 2; done += some) OK(MPI_Waitsome(2, r, &some, index, st));
        for (int done = 0; k == 3 && done < 2; done++) OK(MPI_Waitany(2, r, index, st));
        for (int i = 0; k == 4 && i < 2; i++) OK(MPI_Wait(&r[i], st));
        CHECK(y[7] == k);
        OK(MPI_Waitany(2, r, index, st)); /* both are inactive */
        CHECK(index[0] == MPI_UNDEFINED);
    }
    OK(MPI_Request_free(&r[0]));
    OK(MPI_Request_free(&r[1]));
    /* Cancel a receive that nothing comes for. */
    int flag;
    OK(MPI_Irecv(y, 1, MPI_INT, left, 999, MPI_COMM_WORLD, &r[0]));
    OK(MPI_Cancel(&r[0]));
    OK(MPI_Wait(&r[0], st));
    OK(MPI_Test_cancelled(st, &flag));
    CHECK(flag);
}

static void pairs(void) {
    int x[3] = {rank, rank + 1, rank + 2}, y[3] = {0};
    MPI_Request r;
    MPI_Status st;
    OK(MPI_Isendrecv(x, 3, MPI_INT, right, 1, y, 3, MPI_INT, left, 1, MPI_COMM_WORLD, &r));
    OK(MPI_Wait(&r, &st));
    CHECK(y[2] == left + 2 && st.MPI_SOURCE == left);
    OK(MPI_Sendrecv_replace(x, 3, MPI_INT, right, 2, left, 2, MPI_COMM_WORLD, &st));
    CHECK(x[1] == left + 1);
    OK(MPI_Isendrecv_replace(x, 3, MPI_INT, left, 3, right, 3, MPI_COMM_WORLD, &r));
    OK(MPI_Wait(&r, &st));
    CHECK(x[1] == rank + 1);
}

static void probes(void) {
    char text[20] = "";
    int n, flag = 0;
    MPI_Status st;
    MPI_Message m;
    MPI_Request r;
    OK(MPI_Isend("hello", 6, MPI_CHAR, right, 3, MPI_COMM_WORLD, &r));
    OK(MPI_Probe(MPI_ANY_SOURCE, 3, MPI_COMM_WORLD, &st));
    OK(MPI_Get_count(&st, MPI_CHAR, &n));
    CHECK(n == 6 && st.MPI_SOURCE == left);
    OK(MPI_Mprobe(left, 3, MPI_COMM_WORLD, &m, &st));
    OK(MPI_Iprobe(left, 3, MPI_COMM_WORLD, &flag, &st));
    CHECK(!flag && m != MPI_MESSAGE_NULL);
    OK(MPI_Mrecv(text, 20, MPI_CHAR, &m, &st));
    CHECK(!strcmp(text, "hello") && m == MPI_MESSAGE_NULL);
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Mprobe(MPI_PROC_NULL, 3, MPI_COMM_WORLD, &m, &st));
    CHECK(m == MPI_MESSAGE_NO_PROC);
    OK(MPI_Mrecv(NULL, 0, MPI_CHAR, &m, &st));
    CHECK(st.MPI_SOURCE == MPI_PROC_NULL && m == MPI_MESSAGE_NULL);
}

static void types(void) {
    double a[10][10], column[10];
    MPI_Datatype t, old;
    MPI_Status st;
    int n, ints, addresses, types, combiner, i[3];
    MPI_Aint lb, extent, address[1];
    MPI_Count big;
    for (int k = 0; k < 100; k++) a[k / 10][k % 10] = 1000 * rank + k;
    OK(MPI_Type_vector(10, 1, 10, MPI_DOUBLE, &t));
    OK(MPI_Type_commit(&t));
    OK(MPI_Sendrecv(&a[0][3], 1, t, right, 0, column, 10, MPI_DOUBLE, left, 0, MPI_COMM_WORLD, &st));
    CHECK(column[0] == 1000 * left + 3 && column[9] == 1000 * left + 93);
    OK(MPI_Get_count(&st, t, &n));
    CHECK(n == 1);
    OK(MPI_Get_elements(&st, t, &n));
    CHECK(n == 10);
    OK(MPI_Type_get_envelope(t, &ints, &addresses, &types, &combiner));
    CHECK(ints == 3 && addresses == 0 && types == 1 && combiner == MPI_COMBINER_VECTOR);
    OK(MPI_Type_get_contents(t, 3, 0, 1, i, address, &old));
    CHECK(i[0] == 10 && i[1] == 1 && i[2] == 10 && old == MPI_DOUBLE);
    /* From absolute addresses. */
    MPI_Datatype absolute;
    int one = 1;
    OK(MPI_Get_address(column, &address[0]));
    OK(MPI_Type_create_hindexed(1, &one, address, MPI_DOUBLE, &absolute));
    OK(MPI_Type_commit(&absolute));
    column[0] = 42 + rank;
    double got = 0;
    OK(MPI_Sendrecv(MPI_BOTTOM, 1, absolute, right, 1, &got, 1, MPI_DOUBLE, left, 1, MPI_COMM_WORLD, &st));
    CHECK(got == 42 + left);
    /* Packing, in both representations. */
    char packed[200];
    int at = 0;
    MPI_Aint far = 0;
    OK(MPI_Pack_size(1, t, MPI_COMM_WORLD, &n));
    CHECK(n >= 80 && n <= 200);
    OK(MPI_Pack(&a[0][5], 1, t, packed, 200, &at, MPI_COMM_WORLD));
    OK(MPI_Pack(&one, 1, MPI_INT, packed, 200, &at, MPI_COMM_WORLD));
    int end = at;
    at = 0;
    OK(MPI_Unpack(packed, end, &at, column, 10, MPI_DOUBLE, MPI_COMM_WORLD));
    CHECK(column[9] == 1000 * rank + 95);
    OK(MPI_Pack_external("external32", &one, 1, MPI_INT, packed, 200, &far));
    CHECK(far == 4 && packed[3] == 1 && packed[0] == 0);
    /* Large counts. */
    MPI_Datatype huge;
    OK(MPI_Type_contiguous_c((MPI_Count)3 << 31, MPI_INT, &huge));
    OK(MPI_Type_size_c(huge, &big));
    OK(MPI_Type_size(huge, &n));
    CHECK(big == (MPI_Count)12 << 31 && n == MPI_UNDEFINED);
    OK(MPI_Type_get_extent(huge, &lb, &extent));
    CHECK(extent == (MPI_Aint)12 << 31);
    MPI_Count c0, c1, c2, c3;
    OK(MPI_Type_get_envelope_c(huge, &c0, &c1, &c2, &c3, &combiner));
    CHECK(c2 == 1 && combiner == MPI_COMBINER_CONTIGUOUS);
    OK(MPI_Type_free(&t));
    OK(MPI_Type_free(&absolute));
    OK(MPI_Type_free(&huge));
}

/* Both forms of the vector calls, with int and with MPI_Count. */
static void vectors(void) {
    enum { MAX = 16 };
    int counts[MAX], displs[MAX], in[MAX], out[MAX * MAX];
    MPI_Count counts_c[MAX];
    MPI_Aint displs_c[MAX];
    CHECK(size <= MAX);
    for (int i = 0; i < size; i++) {
        counts[i] = counts_c[i] = i + 1;
        displs[i] = displs_c[i] = i * MAX;
    }
    for (int i = 0; i < MAX; i++) in[i] = 100 * rank + i;
    for (int wide = 0; wide < 2; wide++) {
        memset(out, 0, sizeof out);
        if (wide) OK(MPI_Allgatherv_c(in, rank + 1, MPI_INT, out, counts_c, displs_c, MPI_INT, MPI_COMM_WORLD));
        else OK(MPI_Allgatherv(in, rank + 1, MPI_INT, out, counts, displs, MPI_INT, MPI_COMM_WORLD));
        for (int i = 0; i < size; i++)
            for (int k = 0; k < MAX; k++) CHECK(out[i * MAX + k] == (k <= i ? 100 * i + k : 0));
    }
    int sum = 0, part[MAX] = {0};
    for (int i = 0; i < size; i++) sum += i + 1;
    for (int i = 0; i < sum; i++) out[i] = 1;
    OK(MPI_Reduce_scatter_c(out, part, counts_c, MPI_INT, MPI_SUM, MPI_COMM_WORLD));
    for (int i = 0; i <= rank; i++) CHECK(part[i] == size);
}

static void communicators(void) {
    MPI_Comm half, dup, shared;
    int n, result;
    char name[MPI_MAX_OBJECT_NAME];
    OK(MPI_Comm_split(MPI_COMM_WORLD, rank % 2, -rank, &half));
    OK(MPI_Comm_size(half, &n));
    CHECK(n == (size + 1 - rank % 2) / 2);
    OK(MPI_Comm_dup(half, &dup));
    OK(MPI_Comm_compare(half, dup, &result));
    CHECK(result == MPI_CONGRUENT);
    OK(MPI_Comm_set_name(dup, "twin"));
    OK(MPI_Comm_get_name(dup, name, &n));
    CHECK(n == 4 && !strcmp(name, "twin"));
    OK(MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &shared));
    OK(MPI_Comm_split(MPI_COMM_WORLD, MPI_UNDEFINED, 0, &half));
    CHECK(half == MPI_COMM_NULL);
    OK(MPI_Comm_free(&dup));
    OK(MPI_Comm_free(&shared));
    CHECK(dup == MPI_COMM_NULL);
}

int main(int argc, char **argv) {
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    left = (rank + size - 1) % size, right = (rank + 1) % size;
    modes();
    pairs();
    probes();
    types();
    vectors();
    communicators();
    OK(MPI_Finalize());
    return 0;
}
