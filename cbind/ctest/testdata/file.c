/* Files: what is the C face's own. Conversion functions of the program run on its threads and may call
   MPI; errors go to the file's handler, also those of requests; views keep types that are freed. */
#include <string.h>

#include "check.h"

static int rank, size, heard, heard_code;
static MPI_File heard_file;

static void hear(MPI_File *fh, int *code, ...) {
    heard++;
    heard_file = *fh;
    MPI_Error_class(*code, &heard_code);
}

/* A representation: integers as three digits. Its functions call MPI. */
static int conversions, extents;
static int extent(MPI_Datatype type, MPI_Aint *file_extent, void *extra) {
    int n;
    CHECK(extra == &conversions);
    OK(MPI_Type_size(type, &n));
    extents++;
    *file_extent = 3;
    return type == MPI_INT ? MPI_SUCCESS : MPI_ERR_TYPE;
}

static void talk(void *extra) {
    int x = 7, y = 0;
    CHECK(extra == &conversions);
    OK(MPI_Sendrecv(&x, 1, MPI_INT, 0, 1, &y, 1, MPI_INT, 0, 1, MPI_COMM_SELF, MPI_STATUS_IGNORE));
    CHECK(y == 7);
    conversions++;
}

static int to_digits(void *user, MPI_Datatype type, int count, void *file, MPI_Offset position, void *extra) {
    CHECK(type == MPI_INT && position == 0);
    talk(extra);
    for (int i = 0; i < count; i++) {
        char text[16];
        if (((int *)user)[i] > 999) return MPI_ERR_OTHER;
        snprintf(text, sizeof text, "%03d", ((int *)user)[i]);
        memcpy((char *)file + 3 * i, text, 3);
    }
    return MPI_SUCCESS;
}

static int from_digits(void *user, MPI_Datatype type, int count, void *file, MPI_Offset position, void *extra) {
    CHECK(type == MPI_INT && position == 0);
    talk(extra);
    for (int i = 0; i < count; i++) {
        char text[4] = {0};
        memcpy(text, (char *)file + 3 * i, 3);
        ((int *)user)[i] = atoi(text);
    }
    return MPI_SUCCESS;
}

static int from_digits_c(void *user, MPI_Datatype type, MPI_Count count, void *file, MPI_Offset position, void *extra) {
    return from_digits(user, type, (int)count, file, position, extra);
}

static int to_digits_c(void *user, MPI_Datatype type, MPI_Count count, void *file, MPI_Offset position, void *extra) {
    return to_digits(user, type, (int)count, file, position, extra);
}

static void representations(void) {
    MPI_File fh;
    MPI_Aint e;
    OK(MPI_Register_datarep("digits", from_digits, to_digits, extent, &conversions));
    OK(MPI_Register_datarep_c("digits_c", from_digits_c, to_digits_c, extent, &conversions));
    FAILS(MPI_ERR_DUP_DATAREP, MPI_Register_datarep("digits", from_digits, to_digits, extent, NULL));
    for (int wide = 0; wide < 2; wide++) {
        int mine[4] = {rank, 10 + rank, 20 + rank, 30 + rank}, got[5] = {0}, n;
        MPI_Status status;
        MPI_Request request;
        OK(MPI_File_open(MPI_COMM_WORLD, "digits", MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &fh));
        OK(MPI_File_set_view(fh, 12 * rank, MPI_INT, MPI_INT, wide ? "digits_c" : "digits", MPI_INFO_NULL));
        OK(MPI_File_get_type_extent(fh, MPI_INT, &e));
        CHECK(e == 3 && extents > 0);
        FAILS(MPI_ERR_CONVERSION, MPI_File_write_at(fh, 0, mine, 1, MPI_DOUBLE, &status));
        conversions = 0;
        OK(MPI_File_write_at(fh, 0, mine, 1, MPI_INT, &status));
        OK(MPI_File_iwrite_at(fh, 1, mine + 1, 1, MPI_INT, &request));
        OK(MPI_Wait(&request, &status));
        OK(MPI_File_write_at_all(fh, 2, mine + 2, 1, MPI_INT, &status));
        OK(MPI_File_write_at_all_begin(fh, 3, mine + 3, 1, MPI_INT));
        OK(MPI_File_write_at_all_end(fh, mine + 3, &status));
        CHECK(conversions == 4);
        OK(MPI_Get_count(&status, MPI_INT, &n));
        CHECK(n == 1);
        int large = 1000;
        FAILS(MPI_ERR_CONVERSION, MPI_File_write_at(fh, 0, &large, 1, MPI_INT, &status));
        OK(MPI_File_sync(fh));
        OK(MPI_Barrier(MPI_COMM_WORLD));
        OK(MPI_File_read_at_all(fh, 0, got, 4, MPI_INT, &status));
        OK(MPI_Get_count(&status, MPI_INT, &n));
        CHECK(n == 4 && memcmp(mine, got, sizeof mine) == 0);
        memset(got, 0, sizeof got);
        OK(MPI_File_iread_at_all(fh, 0, got, 4, MPI_INT, &request));
        for (int done = 0; !done;) OK(MPI_Test(&request, &done, &status));
        CHECK(memcmp(mine, got, sizeof mine) == 0);
        if (rank == size - 1) { /* the end of the file, in the middle of a number */
            char two[2] = {'9', '9'};
            MPI_File bytes;
            OK(MPI_File_open(MPI_COMM_SELF, "digits", MPI_MODE_WRONLY, MPI_INFO_NULL, &bytes));
            OK(MPI_File_write_at(bytes, 12 * size, two, 2, MPI_BYTE, MPI_STATUS_IGNORE));
            OK(MPI_File_close(&bytes));
            got[4] = -1;
            OK(MPI_File_read_at(fh, 0, got, 5, MPI_INT, &status));
            OK(MPI_Get_count(&status, MPI_INT, &n));
            CHECK(n == 4 && got[4] == -1 && memcmp(mine, got, sizeof mine) == 0);
        }
        OK(MPI_File_close(&fh));
        CHECK(fh == MPI_FILE_NULL);
    }
}

/* What is set on MPI_FILE_NULL is for new files; requests raise their errors on their file. */
static void handlers(void) {
    MPI_Errhandler mine, got;
    MPI_File fh;
    MPI_Request request;
    char byte = 0;
    OK(MPI_File_get_errhandler(MPI_FILE_NULL, &got));
    CHECK(got == MPI_ERRORS_RETURN);
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_open(MPI_COMM_WORLD, "none", MPI_MODE_RDONLY, MPI_INFO_NULL, &fh));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_delete("none", MPI_INFO_NULL));
    OK(MPI_File_create_errhandler(hear, &mine));
    OK(MPI_File_set_errhandler(MPI_FILE_NULL, mine));
    FAILS(MPI_ERR_NO_SUCH_FILE, MPI_File_open(MPI_COMM_WORLD, "none", MPI_MODE_RDONLY, MPI_INFO_NULL, &fh));
    CHECK(heard == 1 && heard_code == MPI_ERR_NO_SUCH_FILE && heard_file == MPI_FILE_NULL);
    OK(MPI_File_open(MPI_COMM_WORLD, "/dev/full", MPI_MODE_WRONLY, MPI_INFO_NULL, &fh));
    OK(MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN));
    OK(MPI_File_get_errhandler(fh, &got));
    CHECK(got == mine);
    OK(MPI_Errhandler_free(&got));
    OK(MPI_Errhandler_free(&mine));
    FAILS(MPI_ERR_NO_SPACE, MPI_File_write_at(fh, 0, &byte, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    CHECK(heard == 2 && heard_code == MPI_ERR_NO_SPACE && heard_file == fh);
    OK(MPI_File_iwrite_at(fh, 0, &byte, 1, MPI_BYTE, &request));
    FAILS(MPI_ERR_NO_SPACE, MPI_Wait(&request, MPI_STATUS_IGNORE));
    CHECK(heard == 3 && heard_file == fh);
    FAILS(MPI_ERR_ACCESS, MPI_File_read_at(fh, 0, &byte, 1, MPI_BYTE, MPI_STATUS_IGNORE));
    CHECK(heard == 4 && heard_code == MPI_ERR_ACCESS);
    OK(MPI_File_call_errhandler(fh, MPI_ERR_IO));
    CHECK(heard == 5 && heard_code == MPI_ERR_IO && heard_file == fh);
    CHECK(MPI_File_f2c(MPI_File_c2f(fh)) == fh && MPI_File_f2c(MPI_File_c2f(MPI_FILE_NULL)) == MPI_FILE_NULL);
    OK(MPI_File_close(&fh));
}

/* A view keeps its types, and gives copies of them. */
static void views(void) {
    MPI_File fh;
    MPI_Datatype etype, filetype, e, t;
    MPI_Offset disp, at;
    MPI_Aint lb, length;
    char name[MPI_MAX_DATAREP_STRING];
    int integers, addresses, types, combiner;
    OK(MPI_File_open(MPI_COMM_SELF, "view", MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &fh));
    OK(MPI_Type_contiguous(2, MPI_INT, &etype));
    OK(MPI_Type_vector(3, 1, 2, etype, &filetype));
    OK(MPI_Type_commit(&etype));
    FAILS(MPI_ERR_TYPE, MPI_File_set_view(fh, 4, etype, filetype, "native", MPI_INFO_NULL));
    OK(MPI_Type_commit(&filetype));
    OK(MPI_File_set_view(fh, 4, etype, filetype, "native", MPI_INFO_NULL));
    OK(MPI_Type_free(&etype));
    OK(MPI_Type_free(&filetype));
    OK(MPI_File_get_byte_offset(fh, 4, &at));
    CHECK(at == 4 + 40 + 16);
    int four[4] = {1, 2, 3, 4}, back[4] = {0};
    OK(MPI_File_write(fh, four, 4, MPI_INT, MPI_STATUS_IGNORE));
    OK(MPI_File_get_position(fh, &at));
    CHECK(at == 2);
    OK(MPI_File_get_view(fh, &disp, &e, &t, name));
    OK(MPI_Type_get_extent(t, &lb, &length));
    CHECK(disp == 4 && lb == 0 && length == 40 && strcmp(name, "native") == 0);
    OK(MPI_Type_get_envelope(t, &integers, &addresses, &types, &combiner));
    CHECK(combiner != MPI_COMBINER_NAMED);
    OK(MPI_File_set_view(fh, disp, e, t, name, MPI_INFO_NULL));
    OK(MPI_Type_free(&e));
    OK(MPI_Type_free(&t));

    /* Memory that has no address but its datatype's. */
    MPI_Datatype absolute;
    MPI_Aint where;
    int block = 4;
    OK(MPI_Get_address(back, &where));
    OK(MPI_Type_create_hindexed(1, &block, &where, MPI_INT, &absolute));
    OK(MPI_Type_commit(&absolute));
    OK(MPI_File_read_at_c(fh, 0, MPI_BOTTOM, 1, absolute, MPI_STATUS_IGNORE));
    CHECK(memcmp(four, back, sizeof four) == 0);
    OK(MPI_Type_free(&absolute));
    OK(MPI_File_set_view(fh, 0, MPI_BYTE, MPI_BYTE, "native", MPI_INFO_NULL));
    OK(MPI_File_get_view(fh, &disp, &e, &t, name));
    CHECK(e == MPI_BYTE && t == MPI_BYTE);
    OK(MPI_File_close(&fh));
}

/* Requests of files end like all others, and together with them. */
static void requests(void) {
    enum { N = 16 };
    MPI_File fh;
    MPI_Request r[N + 2];
    MPI_Status s[N + 2];
    int out[N], in[N], x = rank, y = -1, n, index;
    OK(MPI_File_open(MPI_COMM_WORLD, "requests", MPI_MODE_RDWR | MPI_MODE_CREATE | MPI_MODE_DELETE_ON_CLOSE, MPI_INFO_NULL, &fh));
    OK(MPI_File_set_view(fh, (MPI_Offset)sizeof out * rank, MPI_INT, MPI_INT, "native", MPI_INFO_NULL));
    OK(MPI_Irecv(&y, 1, MPI_INT, rank, 5, MPI_COMM_WORLD, &r[N]));
    for (int i = 0; i < N; i++) {
        out[i] = 100 * rank + i;
        OK(MPI_File_iwrite_at(fh, i, &out[i], 1, MPI_INT, &r[i]));
    }
    OK(MPI_Isend(&x, 1, MPI_INT, rank, 5, MPI_COMM_WORLD, &r[N + 1]));
    OK(MPI_Waitall(N + 2, r, s));
    for (int i = 0; i < N; i++) {
        OK(MPI_Get_count(&s[i], MPI_INT, &n));
        CHECK(n == 1 && r[i] == MPI_REQUEST_NULL);
    }
    CHECK(y == rank);
    for (int i = 0; i < N; i++) OK(MPI_File_iread_at(fh, i, &in[i], 1, MPI_INT, &r[i]));
    for (int i = 0; i < N; i++) OK(MPI_Waitany(N, r, &index, s));
    CHECK(memcmp(in, out, sizeof in) == 0);
    OK(MPI_File_iwrite_all(fh, out, N, MPI_INT, &r[0]));
    OK(MPI_File_seek(fh, 0, MPI_SEEK_SET));
    OK(MPI_File_read_all(fh, in, N, MPI_INT, s)); /* after the write, which nobody has waited for */
    CHECK(memcmp(in, out, sizeof in) == 0);
    OK(MPI_Wait(&r[0], s));
    OK(MPI_File_seek_shared(fh, 0, MPI_SEEK_SET));
    OK(MPI_File_close(&fh));
}

int main(int argc, char **argv) {
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_Comm_size(MPI_COMM_WORLD, &size));
    representations();
    handlers();
    if (rank == 0) views();
    requests();
    OK(MPI_Finalize());
    return 0;
}
