/* The tools interface (MPI 5.0, 15.3): thresholds before MPI_Init, and counters that a handle starts and stops. */
#include <string.h>

#include "check.h"

static unsigned long long value(MPI_T_pvar_session s, MPI_T_pvar_handle h) {
    unsigned long long v = 12345;
    OK(MPI_T_pvar_read(s, h, &v));
    return v;
}

static MPI_T_pvar_handle of(MPI_T_pvar_session s, const char *name, int class_) {
    MPI_T_pvar_handle h;
    int i, count;
    OK(MPI_T_pvar_get_index(name, class_, &i));
    OK(MPI_T_pvar_handle_alloc(s, i, NULL, &h, &count));
    CHECK(count == 1);
    return h;
}

int main(int argc, char **argv) {
    int provided, i, count, n, rank;
    unsigned long long bytes = 0;
    static char data[5000];
    MPI_T_cvar_handle eager;
    MPI_T_pvar_session s;
    MPI_Request r;
    CHECK(MPI_T_cvar_get_num(&n) == MPI_T_ERR_NOT_INITIALIZED);
    CHECK(MPI_T_init_thread(MPI_THREAD_SINGLE, NULL) == MPI_T_ERR_INVALID);
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    CHECK(MPI_T_cvar_get_num(NULL) == MPI_T_ERR_INVALID && MPI_T_pvar_session_create(NULL) == MPI_T_ERR_INVALID);
    CHECK(MPI_T_cvar_get_index("nothing", &i) == MPI_T_ERR_INVALID_NAME);
    CHECK(MPI_T_cvar_get_info(-1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == MPI_T_ERR_INVALID_INDEX);
    char text[MPI_MAX_ERROR_STRING];
    OK(MPI_Error_string(MPI_T_ERR_INVALID_NAME, text, &n));
    CHECK(!strncmp(text, "MPI_T_ERR_INVALID_NAME", 22));
    OK(MPI_T_cvar_get_index("eager_local", &i));
    OK(MPI_T_cvar_handle_alloc(i, NULL, &eager, &count));
    bytes = 1000;
    OK(MPI_T_cvar_write(eager, &bytes)); /* before MPI_Init: the engine starts with it */
    OK(MPI_Init(&argc, &argv));
    OK(MPI_T_cvar_read(eager, &bytes));
    CHECK(bytes == 1000);
    bytes = 1ULL << 60;
    CHECK(MPI_T_cvar_write(eager, &bytes) == MPI_T_ERR_INVALID);
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    OK(MPI_T_pvar_session_create(&s));
    MPI_T_pvar_handle sent = of(s, "bytes_sent", MPI_T_PVAR_CLASS_COUNTER), also = of(s, "bytes_sent", MPI_T_PVAR_CLASS_COUNTER),
                      came = of(s, "messages_received", MPI_T_PVAR_CLASS_COUNTER),
                      posted = of(s, "posted_receives", MPI_T_PVAR_CLASS_LEVEL);
    unsigned long long before = value(s, posted);
    OK(MPI_Irecv(data, 2500, MPI_CHAR, rank, 0, MPI_COMM_WORLD, &r));
    CHECK(value(s, posted) == before + 1);
    OK(MPI_T_pvar_start(s, sent));
    OK(MPI_T_pvar_start(s, came));
    OK(MPI_Send(data + 2500, 2500, MPI_CHAR, rank, 0, MPI_COMM_WORLD));
    OK(MPI_Wait(&r, MPI_STATUS_IGNORE));
    CHECK(value(s, sent) == 2500 && value(s, came) == 1 && value(s, also) == 0 && value(s, posted) == before);
    OK(MPI_T_pvar_stop(s, MPI_T_PVAR_ALL_HANDLES));
    OK(MPI_Sendrecv(data, 10, MPI_CHAR, rank, 0, data + 10, 10, MPI_CHAR, rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
    CHECK(value(s, sent) == 2500);
    OK(MPI_T_pvar_reset(s, sent));
    CHECK(value(s, sent) == 0);
    CHECK(MPI_T_pvar_start(s, posted) == MPI_T_ERR_PVAR_NO_STARTSTOP);
    CHECK(MPI_T_pvar_reset(s, posted) == MPI_T_ERR_PVAR_NO_WRITE);
    OK(MPI_T_pvar_handle_free(s, &also));
    CHECK(also == MPI_T_PVAR_HANDLE_NULL && MPI_T_pvar_read(s, also, &bytes) == MPI_T_ERR_INVALID_HANDLE);
    OK(MPI_T_pvar_session_free(&s));
    OK(MPI_Finalize());
    /* every variable is in one category */
    int categories, cvars, pvars, total = 0, indices[32];
    OK(MPI_T_category_get_num(&categories));
    for (i = 0; i < categories; i++) {
        OK(MPI_T_category_get_info(i, NULL, NULL, NULL, NULL, &cvars, &pvars, NULL));
        OK(MPI_T_category_get_pvars(i, 32, indices));
        for (int k = 0; k < pvars; k++) CHECK(indices[k] == total++);
    }
    OK(MPI_T_pvar_get_num(&n));
    CHECK(n == total);
    OK(MPI_T_cvar_handle_free(&eager));
    OK(MPI_T_finalize());
    CHECK(MPI_T_finalize() == MPI_T_ERR_NOT_INITIALIZED);
    return 0;
}
