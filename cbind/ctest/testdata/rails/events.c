/* What rails do is told as events (MPI 5.0, 15.3.8): rank 0 makes one of two rails lose everything, through
   the file that RAIN_FAULTS names, and lets it be again. Both ranks hear of each path that goes down and
   comes back, under the same epochs. Paths may do more than that where others use the processors. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../check.h"

enum { RAILS = 2, PATHS = RAILS * RAILS, CUT = 1 };
enum { PEER, RAIL, FAR, EPOCH, IN_USE, ELEMENTS };


static int rank, ups, downs, dropped, freed, listens;
static MPI_Count last;
static int64_t epochs[RAILS][RAILS]; /* by the rail of rank 0 and that of rank 1: odd of a path that is up */
static MPI_T_event_registration up, down, again;

static void note(MPI_T_event_instance e, MPI_T_event_registration r, int64_t *v) {
    int64_t rail;
    int from;
    MPI_Count at;
    static int inside;
    CHECK(!inside++); /* one at a time, in the order of time */
    OK(MPI_T_event_copy(e, v));
    OK(MPI_T_event_read(e, RAIL, &rail));
    OK(MPI_T_event_get_source(e, &from));
    OK(MPI_T_event_get_timestamp(e, &at));
    CHECK(from == 0 && rail == v[RAIL] && last <= at);
    CHECK(MPI_T_event_read(e, ELEMENTS, &rail) == MPI_T_ERR_INVALID_INDEX);
    CHECK(v[PEER] == 1 - rank && v[RAIL] >= 0 && v[RAIL] < RAILS && v[FAR] >= 0 && v[FAR] < RAILS && v[EPOCH] > 0);
    last = at;
    epochs[rank ? v[FAR] : v[RAIL]][rank ? v[RAIL] : v[FAR]] = v[EPOCH];
    /* It may call MPI; what happens meanwhile is told afterwards. */
    int flag;
    OK(MPI_Iprobe(MPI_ANY_SOURCE, 77, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE));
    CHECK(!flag);
    inside--;
}

static void on_up(MPI_T_event_instance e, MPI_T_event_registration r, MPI_T_cb_safety s, void *data) {
    int64_t v[ELEMENTS];
    CHECK(r == up && s == MPI_T_CB_REQUIRE_NONE && data == &ups);
    note(e, r, v);
    CHECK(v[IN_USE] > 0 && v[EPOCH] % 2 == 1);
    ups++;
}

static void on_down(MPI_T_event_instance e, MPI_T_event_registration r, MPI_T_cb_safety s, void *data) {
    int64_t v[ELEMENTS];
    CHECK(r == down && data == &downs);
    if (listens) CHECK(dropped >= PATHS); /* that was before, though of another registration */
    note(e, r, v);
    CHECK(v[EPOCH] % 2 == 0);
    downs++;
}

static void never(MPI_T_event_instance e, MPI_T_event_registration r, MPI_T_cb_safety s, void *data) { CHECK(0); }

static void on_dropped(MPI_Count count, MPI_T_event_registration r, int source, MPI_T_cb_safety s, void *data) {
    CHECK(r == again && source == 0 && data == &dropped && !dropped);
    dropped = (int)count;
}

static void on_free(MPI_T_event_registration r, MPI_T_cb_safety s, void *data) {
    CHECK(r == again && data == &freed);
    freed++;
}

/* It gives its own registration up: what frees it is called when it has come back. */
static void last_one(MPI_T_event_instance e, MPI_T_event_registration r, MPI_T_cb_safety s, void *data) {
    int64_t peer;
    CHECK(dropped > 0);
    OK(MPI_T_event_handle_free(r, &freed, on_free));
    CHECK(!freed && MPI_T_event_handle_free(r, &freed, on_free) == MPI_T_ERR_INVALID_HANDLE);
    OK(MPI_T_event_read(e, PEER, &peer)); /* the instance is there as long as its function runs */
}

static MPI_T_event_registration watch(const char *name, MPI_T_event_cb_function *fn, void *data) {
    MPI_T_event_registration r;
    int i;
    OK(MPI_T_event_get_index(name, &i));
    OK(MPI_T_event_handle_alloc(i, NULL, MPI_INFO_NULL, &r));
    if (fn) {
        /* The one for the lowest level that suits is called. */
        OK(MPI_T_event_register_callback(r, MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE, MPI_INFO_NULL, NULL, never));
        OK(MPI_T_event_register_callback(r, MPI_T_CB_REQUIRE_MPI_RESTRICTED, MPI_INFO_NULL, data, fn));
    }
    return r;
}

/* are tells whether all paths, or those of the rail that is cut, are up, or down. */
static int are(int up, int cut_ones) {
    for (int i = 0; i < RAILS; i++)
        for (int j = 0; j < RAILS; j++)
            if ((!cut_ones || i == CUT || j == CUT) && epochs[i][j] % 2 != up) return 0;
    return 1;
}

static void look(void) {
    int flag;
    OK(MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_SELF, &flag, MPI_STATUS_IGNORE));
}

/* until waits for both ranks to have heard of it. */
static void until(int up, int cut_ones) {
    while (!are(up, cut_ones)) look();
    OK(MPI_Barrier(MPI_COMM_WORLD));
}

/* same compares the epochs of both ranks, of which one may not have heard of the latest yet. */
static int same(void) {
    int64_t other[RAILS][RAILS];
    for (int tries = 0; tries < 2000; tries++) {
        OK(MPI_Sendrecv(epochs, PATHS, MPI_INT64_T, 1 - rank, 0, other, PATHS, MPI_INT64_T, 1 - rank, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE));
        int differ = memcmp(epochs, other, sizeof epochs) != 0, either;
        OK(MPI_Allreduce(&differ, &either, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD));
        if (!either) return 1;
        usleep(5000);
        look();
    }
    return 0;
}

int main(int argc, char **argv) {
    int provided;
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    again = watch("rail_up", NULL, NULL); /* nobody hears of those: they are dropped */
    OK(MPI_T_event_set_dropped_handler(again, on_dropped)); /* and counted from now on */
    up = watch("rail_up", on_up, &ups); /* before MPI_Init: how the paths come up is told, too */
    down = watch("rail_down", on_down, &downs);
    OK(MPI_Init(&argc, &argv));
    OK(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    uint64_t *dark = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, open(getenv("RAIN_FAULTS"), O_RDWR), 0);
    CHECK(dark != MAP_FAILED);
    OK(MPI_Barrier(MPI_COMM_WORLD)); /* the first messages: paths are looked for from then on */
    until(1, 0);
    OK(MPI_T_event_register_callback(again, MPI_T_CB_REQUIRE_THREAD_SAFE, MPI_INFO_NULL, &dropped, last_one));
    OK(MPI_Barrier(MPI_COMM_WORLD)); /* both listen before anything is cut */
    listens = 1;
    if (rank == 0) __atomic_store_n(dark, 1 << CUT, __ATOMIC_SEQ_CST);
    until(0, 1);
    if (rank == 0) __atomic_store_n(dark, 0, __ATOMIC_SEQ_CST);
    until(1, 1);
    CHECK(ups >= 2 * PATHS - 1 && downs >= PATHS - 1 && dropped >= PATHS && freed == 1 && same());
    OK(MPI_Finalize());
    OK(MPI_T_event_handle_free(up, NULL, NULL));
    OK(MPI_T_finalize());
    return 0;
}
