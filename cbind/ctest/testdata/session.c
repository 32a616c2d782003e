/* Sessions (MPI 5.0, 11.3): without MPI_Init, one in another, and one after the last. */
#include <string.h>

#include "check.h"

static int heard;
static void hear(MPI_Session *s, int *code, ...) { heard = *code; }
static void hear_comm(MPI_Comm *c, int *code, ...) { heard = *code; }

static MPI_Comm of(MPI_Session s, const char *pset, const char *tag) {
    MPI_Group g;
    MPI_Comm c;
    OK(MPI_Group_from_session_pset(s, pset, &g));
    OK(MPI_Comm_create_from_group(g, tag, MPI_INFO_NULL, MPI_ERRORS_RETURN, &c));
    OK(MPI_Group_free(&g));
    return c;
}

static void sum(MPI_Comm c) {
    int rank, size, total;
    OK(MPI_Comm_rank(c, &rank));
    OK(MPI_Comm_size(c, &size));
    OK(MPI_Allreduce(&rank, &total, 1, MPI_INT, MPI_SUM, c));
    CHECK(total == size * (size - 1) / 2);
}

/* A buffered send uses the communicator's buffer, else its session's; each is asked for room alone. */
static void buffers(MPI_Session s, MPI_Comm c) {
    static char room[64 + MPI_BSEND_OVERHEAD], more[8 + MPI_BSEND_OVERHEAD];
    char data[64] = "", *back;
    int rank, size;
    MPI_Request r, flush;
    OK(MPI_Comm_rank(c, &rank));
    FAILS(MPI_ERR_BUFFER, MPI_Bsend(data, 1, MPI_CHAR, rank, 0, c));
    OK(MPI_Session_attach_buffer(s, room, sizeof room));
    FAILS(MPI_ERR_BUFFER, MPI_Session_attach_buffer(s, room, sizeof room));
    OK(MPI_Bsend("of the session", 15, MPI_CHAR, rank, 0, c));
    OK(MPI_Recv(data, 64, MPI_CHAR, rank, 0, c, MPI_STATUS_IGNORE));
    CHECK(!strcmp(data, "of the session"));
    OK(MPI_Comm_attach_buffer(c, more, sizeof more));
    FAILS(MPI_ERR_BUFFER, MPI_Bsend(data, 64, MPI_CHAR, rank, 0, c));
    OK(MPI_Irecv(data, 8, MPI_CHAR, rank, 0, c, &r));
    OK(MPI_Bsend("of comm", 8, MPI_CHAR, rank, 0, c));
    OK(MPI_Comm_iflush_buffer(c, &flush));
    OK(MPI_Wait(&flush, MPI_STATUS_IGNORE));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    OK(MPI_Comm_flush_buffer(c));
    OK(MPI_Comm_detach_buffer(c, &back, &size));
    CHECK(back == more && size == sizeof more);
    OK(MPI_Session_flush_buffer(s));
    OK(MPI_Session_detach_buffer(s, &back, &size));
    CHECK(back == room && size == sizeof room);
    OK(MPI_Comm_attach_buffer(c, MPI_BUFFER_AUTOMATIC, 0));
    OK(MPI_Bsend(room, sizeof room, MPI_CHAR, rank, 0, c));
    OK(MPI_Recv(room, sizeof room, MPI_CHAR, rank, 0, c, MPI_STATUS_IGNORE));
    OK(MPI_Comm_detach_buffer(c, &back, &size));
    CHECK(back == MPI_BUFFER_AUTOMATIC && size == 0);
}

static void errors(MPI_Session s) {
    MPI_Errhandler h, of_comm, was;
    MPI_Group g;
    MPI_Comm c;
    int n;
    FAILS(MPI_ERR_ARG, MPI_Group_from_session_pset(s, "mpi://NOBODY", &g));
    OK(MPI_Session_create_errhandler(hear, &h));
    OK(MPI_Comm_create_errhandler(hear_comm, &of_comm));
    FAILS(MPI_ERR_ERRHANDLER, MPI_Session_set_errhandler(s, of_comm));
    OK(MPI_Session_set_errhandler(s, h));
    OK(MPI_Session_get_errhandler(s, &was));
    CHECK(was == h);
    OK(MPI_Errhandler_free(&was));
    OK(MPI_Session_call_errhandler(s, MPI_ERR_TAG));
    CHECK(heard == MPI_ERR_TAG);
    FAILS(MPI_ERR_ARG, MPI_Session_get_nth_pset(s, MPI_INFO_NULL, 99, &n, NULL));
    CHECK(heard == MPI_ERR_ARG);
    heard = 0; /* what cannot be made tells the handler that it would have had */
    FAILS(MPI_ERR_GROUP, MPI_Comm_create_from_group(MPI_GROUP_NULL, "x", MPI_INFO_NULL, of_comm, &c));
    CHECK(heard == MPI_ERR_GROUP);
    OK(MPI_Errhandler_free(&h));
    OK(MPI_Errhandler_free(&of_comm));
}

int main(int argc, char **argv) {
    MPI_Session s, t;
    MPI_Info info, used;
    char value[64];
    int flag, len = sizeof value;
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "thread_level", "MPI_THREAD_FUNNELED"));
    for (int round = 0; round < 3; round++) {
        OK(MPI_Session_init(info, MPI_ERRORS_RETURN, &s));
        OK(MPI_Session_get_info(s, &used));
        OK(MPI_Info_get_string(used, "thread_level", &len, value, &flag));
        CHECK(flag && !strcmp(value, "MPI_THREAD_FUNNELED"));
        OK(MPI_Info_free(&used));
        MPI_Comm world = of(s, "mpi://WORLD", "rainmpi.test"), self = of(s, "mpi://SELF", "rainmpi.test");
        sum(world);
        sum(self);
        OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &t));
        MPI_Comm other = of(t, "mpi://world", "rainmpi.other");
        sum(other);
        buffers(s, world);
        errors(s);
        OK(MPI_Comm_free(&other));
        OK(MPI_Session_finalize(&t));
        CHECK(t == MPI_SESSION_NULL);
        sum(world);
        OK(MPI_Comm_free(&world));
        OK(MPI_Comm_free(&self));
        OK(MPI_Session_finalize(&s));
        if (round == 1) OK(MPI_Init(&argc, &argv)); /* both models together */
        if (round >= 1) sum(MPI_COMM_WORLD);
    }
    OK(MPI_Info_free(&info));
    OK(MPI_Finalize());
    return 0;
}
