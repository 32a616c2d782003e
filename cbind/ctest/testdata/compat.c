/* The names outside the ABI that old programs and Fortran bindings call: each does what its successor does. */
#include <string.h>

#include "check.h"

static int heard;

static void hear(MPI_Comm *comm, int *code, ...) {
    (void)comm;
    heard = *code;
}

static void types(void) {
    struct { int n; double x[2]; } s;
    MPI_Aint at, base, lb, ub, extent, displs[2];
    OK(MPI_Address(&s, &base));
    OK(MPI_Address(&s.x[1], &at));
    CHECK(at - base == (char *)&s.x[1] - (char *)&s);

    MPI_Datatype made, same;
    int lengths[2] = {1, 2}, a, b;
    OK(MPI_Address(&s.x[0], &at));
    displs[0] = 0, displs[1] = at - base;
    OK(MPI_Type_struct(2, lengths, displs, (MPI_Datatype[]){MPI_INT, MPI_DOUBLE}, &made));
    OK(MPI_Type_extent(made, &extent));
    CHECK(extent == sizeof s);
    OK(MPI_Type_free(&made));

    OK(MPI_Type_hvector(3, 1, 10, MPI_SHORT, &made));
    OK(MPI_Type_lb(made, &lb));
    OK(MPI_Type_ub(made, &ub));
    OK(MPI_Type_extent(made, &extent));
    CHECK(lb == 0 && ub == 22 && extent == 22);
    OK(MPI_Type_free(&made));

    displs[0] = -4, displs[1] = 8;
    OK(MPI_Type_hindexed(2, lengths, displs, MPI_INT, &made));
    OK(MPI_Type_lb(made, &lb));
    OK(MPI_Type_ub(made, &ub));
    CHECK(lb == -4 && ub == 16);
    OK(MPI_Type_create_hindexed(2, lengths, displs, MPI_INT, &same));
    OK(MPI_Type_size(made, &a));
    OK(MPI_Type_size(same, &b));
    CHECK(a == b && a == 12);
    OK(MPI_Type_free(&made));
    OK(MPI_Type_free(&same));
}

static void handlers(void) {
    MPI_Errhandler mine, was;
    MPI_Handler_function *fn = hear;
    OK(MPI_Errhandler_get(MPI_COMM_WORLD, &was));
    CHECK(was == MPI_ERRORS_ARE_FATAL);
    OK(MPI_Errhandler_create(fn, &mine));
    OK(MPI_Errhandler_set(MPI_COMM_WORLD, mine));
    FAILS(MPI_ERR_RANK, MPI_Send(&heard, 1, MPI_INT, 77, 0, MPI_COMM_WORLD));
    CHECK(heard == MPI_ERR_RANK);
    OK(MPI_Errhandler_set(MPI_COMM_WORLD, MPI_ERRORS_RETURN));
    OK(MPI_Errhandler_free(&mine));
}

/* SAME wants of a handle that Fortran's integer stands for it and for no other. */
#define SAME(T, h, other) \
    do { \
        MPI_Fint i_ = MPI_##T##_c2f(h); \
        CHECK(MPI_##T##_f2c(i_) == (h) && i_ != MPI_##T##_c2f(other) && PMPI_##T##_c2f(PMPI_##T##_f2c(i_)) == i_); \
    } while (0)

static void fortran(void) {
    MPI_Comm comm;
    MPI_Datatype type;
    MPI_Group group;
    MPI_Info info;
    MPI_Op op;
    MPI_Request request;
    MPI_Win win;
    MPI_File file;
    MPI_Session session;
    MPI_Message message;
    MPI_Errhandler handler;
    int word = 5, got, flag;
    CHECK(sizeof(MPI_Fint) == sizeof(int));
    OK(MPI_Comm_dup(MPI_COMM_SELF, &comm));
    SAME(Comm, comm, MPI_COMM_NULL);
    SAME(Comm, MPI_COMM_WORLD, comm);
    OK(MPI_Type_contiguous(2, MPI_INT, &type));
    SAME(Type, type, MPI_INT);
    SAME(Type, MPI_DATATYPE_NULL, type);
    OK(MPI_Type_free(&type));
    OK(MPI_Comm_group(comm, &group));
    SAME(Group, group, MPI_GROUP_EMPTY);
    OK(MPI_Group_free(&group));
    OK(MPI_Info_create(&info));
    SAME(Info, info, MPI_INFO_NULL);
    OK(MPI_Info_free(&info));
    OK(MPI_Op_create((MPI_User_function *)hear, 1, &op));
    SAME(Op, op, MPI_SUM);
    OK(MPI_Op_free(&op));
    OK(MPI_Comm_create_errhandler(hear, &handler));
    SAME(Errhandler, handler, MPI_ERRORS_RETURN);
    OK(MPI_Errhandler_free(&handler));
    OK(MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &session));
    SAME(Session, session, MPI_SESSION_NULL);
    OK(MPI_Session_finalize(&session));
    OK(MPI_Win_create(&word, sizeof word, 1, MPI_INFO_NULL, comm, &win));
    SAME(Win, win, MPI_WIN_NULL);
    OK(MPI_Win_free(&win));
    char name[32];
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &got));
    snprintf(name, sizeof name, "compat.%d", got);
    OK(MPI_File_open(comm, name, MPI_MODE_CREATE | MPI_MODE_RDWR | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &file));
    SAME(File, file, MPI_FILE_NULL);
    OK(MPI_File_close(&file));

    OK(MPI_Isend(&word, 1, MPI_INT, 0, 9, comm, &request));
    SAME(Request, request, MPI_REQUEST_NULL);
    MPI_Status status, back;
    MPI_Fint words[MPI_F_STATUS_SIZE];
    do OK(MPI_Improbe(0, 9, comm, &flag, &message, MPI_STATUS_IGNORE));
    while (!flag);
    SAME(Message, message, MPI_MESSAGE_NULL);
    OK(MPI_Mrecv(&got, 1, MPI_INT, &message, &status));
    OK(MPI_Wait(&request, MPI_STATUS_IGNORE));
    OK(MPI_Status_c2f(&status, words));
    CHECK(words[MPI_F_SOURCE] == 0 && words[MPI_F_TAG] == 9);
    memset(&back, 0, sizeof back);
    OK(PMPI_Status_f2c(words, &back));
    OK(MPI_Get_count(&back, MPI_INT, &got));
    CHECK(got == 1 && back.MPI_SOURCE == 0 && back.MPI_TAG == 9);
    memset(words, 0, sizeof words);
    OK(PMPI_Status_c2f(&back, words));
    OK(MPI_Status_f2c(words, &back));
    CHECK(back.MPI_TAG == 9);
    OK(MPI_Comm_free(&comm));
}

int main(int argc, char **argv) {
    OK(MPI_Init(&argc, &argv));
    types();
    handlers();
    fortran();
    OK(MPI_Finalize());
    return 0;
}
