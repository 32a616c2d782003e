/* What the generated calls with one bad argument share: see arguments_test.go. */
#include <mpi.h>
#include <stdarg.h>
#include <stdint.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Objects to call with. The freed handles stand for nothing. */
static MPI_Comm cart, graph, dist, inter, freed_comm, comm;
static MPI_Datatype raw, freed_type, vector, types[4], bad_types[4];
static MPI_Group group, freed_group;
static MPI_Info info, freed_info, no_infos[1] = {MPI_INFO_NULL};
static char *commands[1] = {"name"};
static MPI_Op sum, freed_op;
static MPI_Session session, freed_session;
static MPI_File file, reading, writing, freed_file;
static MPI_Win win, dynamic, freed_win;
static MPI_Errhandler win_handler, session_handler, handler, freed_handler, file_handler;
static MPI_Request null_request, freed_request, inactive;
static MPI_Message freed_message;
static MPI_Aint room;
static int size, tag_ub, comm_key, type_key, win_key, failures;
static int one[4] = {1, 0, 0, 0}, ones[4] = {1, 1, 1, 1}, big_ranks[4] = {77, 77, 77, 77}, ranges[1][3] = {{0, 0, 1}}, bad_ranges[1][3] = {{77, 77, 1}};
static int distribs[4] = {MPI_DISTRIBUTE_BLOCK}, dargs[4] = {MPI_DISTRIBUTE_DFLT_DARG};
static int minus_ints[4] = {-1, -1, -1, -1};
static MPI_Count minus_counts[4] = {-1, -1, -1, -1}, one_counts[4] = {1, 0, 0, 0};

/* Z(i) is the i-th argument's own zeroed memory. */
static char scratch[16][1024];
#define Z(i) ((void *)scratch[i])

/* H is a variable of its own that holds a handle, for arguments that are addresses of handles. */
static void *variable;
#define H(handle) (variable = (void *)(handle), (void *)&variable)

/* The handler keeps the text, and lets the call return. */
static char attached[1 << 16];
static char heard[MPI_MAX_ERROR_STRING];
static int heard_code;

static void hear(MPI_Comm *c, int *code, ...) {
    va_list rest;
    va_start(rest, code);
    snprintf(heard, sizeof heard, "%s", va_arg(rest, char *));
    va_end(rest);
    heard_code = *code;
}

static char shown_text[128];

/* The name of an argument and its value, as the message must have them. */
static const char *shows(const char *name, long long value) {
    snprintf(shown_text, sizeof shown_text, "%s=%lld", name, value);
    return shown_text;
}

static const char *shows_handle(const char *name, const void *value) {
    snprintf(shown_text, sizeof shown_text, "%s=%p", name, value);
    return shown_text;
}

static const char *shows_value(const void *value) {
    snprintf(shown_text, sizeof shown_text, "%p", value);
    return shown_text;
}

static void reset(void) {
    memset(scratch, 0, sizeof scratch);
    heard[0] = heard_code = 0;
}

static void verdict(int want, const char *class, int rc, const char *function, const char *call, const char *words) {
    char said[MPI_MAX_ERROR_STRING] = "";
    int got = -1, n;
    MPI_Error_class(rc, &got);
    MPI_Error_string(rc, said, &n);
    if (got == want && heard_code == rc && strstr(said, heard) && strstr(said, function) && strstr(said, words)) return;
    failures++;
    fprintf(stderr, "%s: class %d, want %d (%s), and the words \"%s\"; MPI_Error_string: %s; the error handler heard: %s\n",
            call, got, want, class, words, said, heard);
}

/* A call that waits, although its arguments are wrong, is named. */
static const char *volatile waiting;

static void stuck(int signal) {
    dprintf(2, "%s waits, and should fail at once\n", waiting);
    _exit(1);
}

#define CASE(class, function, words, call) \
    do { \
        reset(); \
        waiting = #call; \
        alarm(10); \
        int rc_ = (call); \
        verdict(class, #class, rc_, function, #call, words); \
    } while (0)

static void add(void *in, void *inout, int *n, MPI_Datatype *t) {}

static void prepare(void) {
    signal(SIGALRM, stuck);
    int dims[1] = {size}, periods[1] = {1}, index[8], edges[8], flag, *ub, rank;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Cart_create(MPI_COMM_WORLD, 1, dims, periods, 0, &cart);
    for (int i = 0; i < size; i++) index[i] = i + 1, edges[i] = (i + 1) % size;
    MPI_Graph_create(MPI_COMM_WORLD, size, index, edges, 0, &graph);
    int next = (rank + 1) % size, before = (rank + size - 1) % size;
    MPI_Dist_graph_create_adjacent(MPI_COMM_WORLD, 1, &before, MPI_UNWEIGHTED, 1, &next, MPI_UNWEIGHTED, MPI_INFO_NULL, 0, &dist);
    MPI_Intercomm_create(MPI_COMM_SELF, 0, MPI_COMM_WORLD, 1 - rank, 3, &inter);
    MPI_Comm_dup(MPI_COMM_SELF, &comm);
    MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_TAG_UB, &ub, &flag);
    tag_ub = *ub;

    MPI_Type_contiguous(2, MPI_INT, &raw);
    MPI_Type_vector(2, 1, 2, MPI_INT, &vector);
    for (int i = 0; i < 4; i++) types[i] = MPI_INT, bad_types[i] = MPI_DATATYPE_NULL;
    MPI_Comm_group(MPI_COMM_WORLD, &group);
    MPI_Info_create(&info);
    MPI_Info_set(info, "there", "yes");
    MPI_Op_create(add, 1, &sum);
    MPI_Comm_create_errhandler(hear, &handler);
    MPI_File_create_errhandler((MPI_File_errhandler_function *)hear, &file_handler);
    MPI_File_set_errhandler(MPI_FILE_NULL, file_handler);
    MPI_Buffer_attach(attached, sizeof attached);
    MPI_Session_create_errhandler((MPI_Session_errhandler_function *)hear, &session_handler);
    MPI_Session_init(MPI_INFO_NULL, session_handler, &session);
    MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, MPI_COMM_NULL_DELETE_FN, &comm_key, NULL);
    MPI_Type_create_keyval(MPI_TYPE_NULL_COPY_FN, MPI_TYPE_NULL_DELETE_FN, &type_key, NULL);
    MPI_Win_create_errhandler((MPI_Win_errhandler_function *)hear, &win_handler);
    MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, MPI_WIN_NULL_DELETE_FN, &win_key, NULL);
    MPI_Win_create(attached, 64, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &win), MPI_Win_set_errhandler(win, win_handler);
    MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &dynamic), MPI_Win_set_errhandler(dynamic, win_handler);
    MPI_Win_lock_all(0, win);
    MPI_Recv_init(scratch, 1, MPI_INT, 0, 77, MPI_COMM_SELF, &inactive);
    null_request = MPI_REQUEST_NULL;

    /* The objects made and freed last in each table: nothing takes their places before the calls. */
    MPI_Comm c;
    MPI_Comm_dup(MPI_COMM_SELF, &c), freed_comm = c, MPI_Comm_free(&c);
    MPI_Datatype t;
    MPI_Type_contiguous(3, MPI_INT, &t), freed_type = t, MPI_Type_free(&t);
    MPI_Group g;
    MPI_Comm_group(MPI_COMM_SELF, &g), freed_group = g, MPI_Group_free(&g);
    MPI_Info i;
    MPI_Info_create(&i), freed_info = i, MPI_Info_free(&i);
    MPI_Op o;
    MPI_Op_create(add, 1, &o), freed_op = o, MPI_Op_free(&o);
    MPI_Errhandler e;
    MPI_Comm_create_errhandler(hear, &e), freed_handler = e, MPI_Errhandler_free(&e);
    MPI_Request r;
    MPI_Recv_init(scratch, 1, MPI_INT, 0, 78, MPI_COMM_SELF, &r), freed_request = r, MPI_Request_free(&r);

    MPI_Session s;
    MPI_Session_init(MPI_INFO_NULL, MPI_ERRORS_RETURN, &s), freed_session = s, MPI_Session_finalize(&s);

    MPI_File_open(MPI_COMM_SELF, "file", MPI_MODE_RDWR | MPI_MODE_CREATE, MPI_INFO_NULL, &file);
    MPI_File_open(MPI_COMM_SELF, "file", MPI_MODE_RDONLY, MPI_INFO_NULL, &reading);
    MPI_File_open(MPI_COMM_SELF, "file", MPI_MODE_WRONLY, MPI_INFO_NULL, &writing);
    MPI_File_open(MPI_COMM_SELF, "file", MPI_MODE_RDONLY, MPI_INFO_NULL, &freed_file);
    MPI_File fh = freed_file;
    MPI_File_close(&fh);

    MPI_Win w;
    MPI_Win_create_dynamic(MPI_INFO_NULL, MPI_COMM_WORLD, &w), freed_win = w, MPI_Win_free(&w);

    MPI_Comm all[] = {MPI_COMM_WORLD, MPI_COMM_SELF, cart, graph, dist, inter, comm};
    for (unsigned k = 0; k < sizeof all / sizeof *all; k++) MPI_Comm_set_errhandler(all[k], handler);
}
