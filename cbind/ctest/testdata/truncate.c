/*
 * Messages that are longer than the receive buffer: every call that ends a receive gives
 * MPI_ERR_TRUNCATE (MPI 5.0, 3.2.4: "An overflow error occurs if all incoming data does not fit,
 * without truncation, into the receive buffer"), and nothing past the buffer is written. Lengths that
 * go at once and lengths that wait for the receive, data in one piece and in many.
 */
#include <string.h>
#include <unistd.h>

#include "check.h"

enum { LONGEST = 1 << 17, GUARD = 0x5a };

static int rank, size, from, to; /* from whom this rank receives, to whom it sends */
static MPI_Comm comm;
static int data[LONGEST];
static unsigned char memory[2 * sizeof data];

/* A buffer for count elements of a type, with guards around each piece of it. */
static int count, stride;
static MPI_Datatype type;

static void guard(void) { memset(memory, GUARD, sizeof memory); }

/* What was received is data's beginning; everything else is as it was. */
static void guarded(int line) {
    const int *got = (const int *)memory;
    for (int i = 0; i < count; i++)
        if (got[i * stride] != data[i]) {
            fprintf(stderr, "line %d: element %d of %d is %x\n", line, i, count, got[i * stride]);
            exit(1);
        }
    for (int i = 0; i < (int)(sizeof memory / sizeof *got); i++)
        if (!((i & (stride - 1)) == 0 && i >> (stride - 1) < count) && got[i] != 0x5a5a5a5a) { /* strides are 1 and 2 */
            fprintf(stderr, "line %d: memory past the buffer of %d elements was written at %d\n", line, count, i);
            exit(1);
        }
}

/* A status of a truncated message says where it came from, and no more than the buffer's length. */
static void status_fits(const MPI_Status *st, int tag) {
    int n;
    CHECK(st->MPI_SOURCE == from && st->MPI_TAG == tag);
    OK(MPI_Get_count(st, MPI_INT, &n));
    CHECK(n == count);
}

/* RECEIVES runs calls that receive a message that is too long, with the receive before the send or
   after it. */
#define RECEIVES(line, length, early, tag, calls) \
    do { \
        MPI_Request send_; \
        guard(); \
        if (!(early)) OK(MPI_Isend(data, length, MPI_INT, to, tag, comm, &send_)); \
        calls; \
        OK(MPI_Wait(&send_, MPI_STATUS_IGNORE)); \
        guarded(line); \
    } while (0)
#define SEND_LATE(length, early, tag) \
    do { if (early) OK(MPI_Isend(data, length, MPI_INT, to, tag, comm, &send_)); } while (0)

/* The calls that end an Irecv of its own. */
static void ends(MPI_Request *r, int how, int tag) {
    MPI_Status st;
    int flag = 0, index = -1, n = 0, rc = MPI_SUCCESS;
    memset(&st, 0, sizeof st);
    st.MPI_ERROR = 12345;
    switch (how) {
    case 0: rc = MPI_Wait(r, &st); break;
    case 1: while (!flag) rc = MPI_Test(r, &flag, &st); break;
    case 2: rc = MPI_Waitany(1, r, &index, &st); CHECK(index == 0); break;
    case 3: while (!flag) rc = MPI_Testany(1, r, &index, &flag, &st); CHECK(index == 0); break;
    case 4: rc = MPI_Waitall(1, r, &st); break;
    case 5: while (!flag) rc = MPI_Testall(1, r, &flag, &st); break;
    case 6: rc = MPI_Waitsome(1, r, &n, &index, &st); CHECK(n == 1 && index == 0); break;
    case 7: while (n == 0) rc = MPI_Testsome(1, r, &n, &index, &st); CHECK(n == 1 && index == 0); break;
    case 8:
        while (!flag) OK(MPI_Request_get_status(*r, &flag, &st)); /* its own error is none of the request's */
        rc = MPI_Wait(r, MPI_STATUS_IGNORE);
        break;
    case 9: rc = MPI_Waitall(1, r, MPI_STATUSES_IGNORE); break;
    }
    if (how >= 4 && how != 8) {
        /* "the error code MPI_ERR_IN_STATUS ... the error field of each status" (3.7.5) */
        FAILS(MPI_ERR_IN_STATUS, rc);
        if (how != 9) CHECK(st.MPI_ERROR == MPI_ERR_TRUNCATE);
    } else {
        FAILS(MPI_ERR_TRUNCATE, rc);
        if (how < 4) CHECK(st.MPI_ERROR == 12345); /* only calls that end many set it (3.2.5) */
    }
    if (how != 9) status_fits(&st, tag);
}

static void point_to_point(int length, int early) {
    MPI_Status st;
    MPI_Request r;
    MPI_Message m;
    int flag, tag = 7;
    for (int how = 0; how <= 9; how++) {
        RECEIVES(__LINE__, length, early, tag, {
            OK(MPI_Irecv(memory, count, type, from, tag, comm, &r));
            SEND_LATE(length, early, tag);
            ends(&r, how, tag);
            CHECK(r == MPI_REQUEST_NULL);
        });
    }
    if (early) return; /* the rest is after the send, or both at once */
    RECEIVES(__LINE__, length, early, tag, FAILS(MPI_ERR_TRUNCATE, MPI_Recv(memory, count, type, from, tag, comm, &st)));
    RECEIVES(__LINE__, length, early, tag, {
        FAILS(MPI_ERR_TRUNCATE, MPI_Recv(memory, count, type, MPI_ANY_SOURCE, MPI_ANY_TAG, comm, &st));
        status_fits(&st, tag);
    });
    RECEIVES(__LINE__, length, early, tag, {
        OK(MPI_Mprobe(from, tag, comm, &m, &st));
        FAILS(MPI_ERR_TRUNCATE, MPI_Mrecv(memory, count, type, &m, &st));
        CHECK(m == MPI_MESSAGE_NULL);
        status_fits(&st, tag);
    });
    RECEIVES(__LINE__, length, early, tag, {
        for (flag = 0; !flag;) OK(MPI_Improbe(from, tag, comm, &flag, &m, &st));
        OK(MPI_Imrecv(memory, count, type, &m, &r));
        FAILS(MPI_ERR_TRUNCATE, MPI_Wait(&r, &st));
        status_fits(&st, tag);
    });
    guard();
    FAILS(MPI_ERR_TRUNCATE, MPI_Sendrecv(data, length, MPI_INT, to, tag, memory, count, type, from, tag, comm, &st));
    status_fits(&st, tag);
    guarded(__LINE__);
    guard();
    OK(MPI_Isendrecv(data, length, MPI_INT, to, tag, memory, count, type, from, tag, comm, &r));
    FAILS(MPI_ERR_TRUNCATE, MPI_Wait(&r, &st));
    guarded(__LINE__);
    RECEIVES(__LINE__, length, early, tag, { /* what is replaced goes to a neighbour who has asked for as much */
        static int theirs[LONGEST];
        MPI_Request small;
        guard();
        for (int i = 0; i < count; i++) ((int *)memory)[i * stride] = i;
        OK(MPI_Irecv(theirs, count, MPI_INT, from, tag + 1, comm, &small));
        FAILS(MPI_ERR_TRUNCATE, MPI_Sendrecv_replace(memory, count, type, to, tag + 1, from, tag, comm, &st));
        status_fits(&st, tag);
        OK(MPI_Wait(&small, MPI_STATUS_IGNORE));
        CHECK(count == 0 || theirs[count - 1] == count - 1);
    });
    RECEIVES(__LINE__, length, early, tag, {
        static int theirs[LONGEST];
        MPI_Request small;
        guard();
        for (int i = 0; i < count; i++) ((int *)memory)[i * stride] = i;
        OK(MPI_Irecv(theirs, count, MPI_INT, from, tag + 1, comm, &small));
        OK(MPI_Isendrecv_replace(memory, count, type, to, tag + 1, from, tag, comm, &r));
        FAILS(MPI_ERR_TRUNCATE, MPI_Wait(&r, &st));
        OK(MPI_Wait(&small, MPI_STATUS_IGNORE));
        CHECK(count == 0 || theirs[count - 1] == count - 1);
    });
    OK(MPI_Recv_init(memory, count, type, from, tag, comm, &r));
    for (int again = 0; again < 3; again++) { /* an error leaves it inactive, and good for another start */
        RECEIVES(__LINE__, length, early, tag, {
            OK(MPI_Start(&r));
            FAILS(MPI_ERR_TRUNCATE, MPI_Wait(&r, &st));
            CHECK(r != MPI_REQUEST_NULL);
            status_fits(&st, tag);
        });
    }
    if (count > 0) {
        guard();
        OK(MPI_Start(&r));
        OK(MPI_Send(data, count, MPI_INT, to, tag, comm));
        OK(MPI_Wait(&r, &st));
        guarded(__LINE__);
    }
    OK(MPI_Request_free(&r));
    /* One of many that is too long leaves the others alone. */
    static int good[3];
    MPI_Request rs[3];
    MPI_Status sts[3];
    RECEIVES(__LINE__, length, early, tag, {
        OK(MPI_Irecv(&good[0], 1, MPI_INT, from, 20, comm, &rs[0]));
        OK(MPI_Irecv(memory, count, type, from, tag, comm, &rs[1]));
        OK(MPI_Irecv(&good[2], 1, MPI_INT, from, 22, comm, &rs[2]));
        OK(MPI_Send(&data[1], 1, MPI_INT, to, 20, comm));
        OK(MPI_Send(&data[2], 1, MPI_INT, to, 22, comm));
        FAILS(MPI_ERR_IN_STATUS, MPI_Waitall(3, rs, sts));
        CHECK(sts[0].MPI_ERROR == MPI_SUCCESS && sts[1].MPI_ERROR == MPI_ERR_TRUNCATE && sts[2].MPI_ERROR == MPI_SUCCESS);
        CHECK(good[0] == data[1] && good[2] == data[2]);
    });
}

int main(int argc, char **argv) {
    MPI_Datatype apart;
    OK(MPI_Init(&argc, &argv));
    alarm(50); /* a hang is a failure */
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    OK(MPI_Comm_dup(MPI_COMM_WORLD, &comm));
    OK(MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN));
    from = (rank + size - 1) % size;
    to = (rank + 1) % size;
    for (int i = 0; i < LONGEST; i++) data[i] = 3 * i + 1;
    OK(MPI_Type_create_resized(MPI_INT, 0, 2 * sizeof(int), &apart));
    OK(MPI_Type_commit(&apart));
    static const struct { int length, count; } cases[] = {
        {1, 0}, {2, 1}, {100, 99}, {2048, 1}, {5000, 4999}, {LONGEST, 0}, {LONGEST, 1}, {LONGEST, LONGEST / 2 + 1}, {LONGEST, LONGEST - 1}};
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        for (stride = 1; stride <= 2; stride++)
            for (int early = 0; early <= 1; early++) {
                count = cases[i].count;
                type = stride == 1 ? MPI_INT : apart;
                point_to_point(cases[i].length, early);
            }
    OK(MPI_Type_free(&apart));
    OK(MPI_Comm_free(&comm));
    OK(MPI_Finalize());
    return 0;
}
