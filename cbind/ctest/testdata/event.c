/* Events of the tools interface (MPI 5.0, 15.3.8): what the types and their source say of themselves, and
   registrations. What rails do is told in events_test.go, with two hosts. */
#include <string.h>

#include "check.h"

static int freed;

static void ignore(MPI_T_event_instance e, MPI_T_event_registration r, MPI_T_cb_safety s, void *data) {
    (void)e, (void)r, (void)s, (void)data;
}

static void gone(MPI_T_event_registration r, MPI_T_cb_safety s, void *data) {
    CHECK(s == MPI_T_CB_REQUIRE_NONE && data == &freed);
    freed++;
}

static void check_source(void) {
    int n, length;
    char name[64];
    MPI_T_source_order order;
    MPI_Count ticks, most, before, after;
    MPI_Info info;
    OK(MPI_T_source_get_num(&n));
    CHECK(n == 1);
    length = sizeof name;
    OK(MPI_T_source_get_info(0, name, &length, NULL, NULL, &order, &ticks, &most, &info));
    CHECK(!strcmp(name, "rails") && order == MPI_T_SOURCE_ORDERED && ticks == 1000000000 && most > 0);
    OK(MPI_Info_free(&info));
    OK(MPI_T_source_get_timestamp(0, &before));
    OK(MPI_T_source_get_timestamp(0, &after));
    CHECK(0 < before && before <= after);
    CHECK(MPI_T_source_get_timestamp(1, &after) == MPI_T_ERR_INVALID_INDEX);
    CHECK(MPI_T_source_get_timestamp(0, NULL) == MPI_T_ERR_INVALID);
}

static void check_type(int i) {
    char name[64], item[64];
    int length = sizeof name, room = 1, n, num, verbosity, bind, again, value;
    MPI_Datatype types[8];
    MPI_Aint disps[8];
    MPI_T_enum names;
    disps[1] = -1;
    OK(MPI_T_event_get_info(i, name, &length, &verbosity, types, disps, &room, &names, NULL, NULL, NULL, &bind));
    CHECK(room >= 1 && room <= 8 && bind == MPI_T_BIND_NO_OBJECT && disps[1] == -1);
    OK(MPI_T_event_get_index(name, &again));
    CHECK(again == i);
    n = 8;
    OK(MPI_T_event_get_info(i, NULL, NULL, NULL, types, disps, &n, NULL, NULL, NULL, NULL, NULL));
    CHECK(n == room);
    for (int k = 0; k < n; k++) CHECK(types[k] == MPI_INT64_T && disps[k] == 8 * k);
    OK(MPI_T_enum_get_info(names, &num, NULL, NULL));
    CHECK(num == n);
    for (int k = 0; k < num; k++) {
        length = sizeof item;
        OK(MPI_T_enum_get_item(names, k, &value, item, &length));
        CHECK(value == k && item[0]);
    }
    CHECK(MPI_T_enum_get_item(names, num, &value, NULL, NULL) == MPI_T_ERR_INVALID_INDEX);
}

int main(int argc, char **argv) {
    int provided, n, categories, all = 0, indices[16];
    MPI_T_event_registration r, other;
    MPI_Info info, used;
    long long buf[8];
    CHECK(MPI_T_event_get_num(&n) == MPI_T_ERR_NOT_INITIALIZED);
    OK(MPI_T_init_thread(MPI_THREAD_SINGLE, &provided));
    check_source();
    OK(MPI_T_event_get_num(&n));
    CHECK(n > 0);
    for (int i = 0; i < n; i++) check_type(i);
    CHECK(MPI_T_event_get_info(n, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL) == MPI_T_ERR_INVALID_INDEX);
    CHECK(MPI_T_event_get_index("nothing", indices) == MPI_T_ERR_INVALID_NAME);
    CHECK(MPI_T_enum_get_info(MPI_T_ENUM_NULL, NULL, NULL, NULL) == MPI_T_ERR_INVALID_HANDLE);
    OK(MPI_T_category_get_num(&categories));
    for (int i = 0; i < categories; i++) {
        int some;
        OK(MPI_T_category_get_num_events(i, &some));
        OK(MPI_T_category_get_events(i, 16, indices));
        for (int k = 0; k < some; k++) CHECK(indices[k] == all++);
    }
    CHECK(all == n);

    CHECK(MPI_T_event_handle_alloc(n, NULL, MPI_INFO_NULL, &r) == MPI_T_ERR_INVALID_INDEX);
    CHECK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, NULL) == MPI_T_ERR_INVALID);
    OK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, &r));
    OK(MPI_Info_create(&info));
    OK(MPI_Info_set(info, "no_such_hint", "yes"));
    OK(MPI_T_event_handle_set_info(r, info));
    OK(MPI_T_event_handle_get_info(r, &used)); /* "hints [...] actually used": none */
    OK(MPI_Info_get_nkeys(used, &n));
    CHECK(n == 0);
    OK(MPI_Info_free(&used));
    CHECK(MPI_T_event_callback_get_info(r, MPI_T_CB_REQUIRE_NONE, &used) == MPI_T_ERR_INVALID); /* there is none */
    OK(MPI_T_event_register_callback(r, MPI_T_CB_REQUIRE_NONE, info, NULL, ignore));
    OK(MPI_T_event_callback_set_info(r, MPI_T_CB_REQUIRE_NONE, info));
    OK(MPI_T_event_callback_get_info(r, MPI_T_CB_REQUIRE_NONE, &used));
    OK(MPI_Info_free(&used));
    OK(MPI_T_event_register_callback(r, MPI_T_CB_REQUIRE_NONE, MPI_INFO_NULL, NULL, NULL));
    CHECK(MPI_T_event_callback_set_info(r, MPI_T_CB_REQUIRE_NONE, info) == MPI_T_ERR_INVALID);
    CHECK(MPI_T_event_register_callback(r, (MPI_T_cb_safety)7, info, NULL, ignore) == MPI_T_ERR_INVALID);
    OK(MPI_T_event_set_dropped_handler(r, NULL));
    /* no function runs, so there is no instance */
    CHECK(MPI_T_event_read((MPI_T_event_instance)r, 0, buf) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_event_copy((MPI_T_event_instance)r, buf) == MPI_T_ERR_INVALID_HANDLE);
    CHECK(MPI_T_event_get_source((MPI_T_event_instance)r, &n) == MPI_T_ERR_INVALID_HANDLE);
    OK(MPI_Info_free(&info));
    CHECK(MPI_T_event_handle_set_info(r, (MPI_Info)r) == MPI_T_ERR_INVALID);

    other = r;
    OK(MPI_T_event_handle_free(r, &freed, gone));
    CHECK(freed == 1 && MPI_T_event_handle_free(other, &freed, gone) == MPI_T_ERR_INVALID_HANDLE && freed == 1);
    CHECK(MPI_T_event_handle_set_info(other, MPI_INFO_NULL) == MPI_T_ERR_INVALID_HANDLE);
    OK(MPI_Init(&argc, &argv));
    OK(MPI_T_event_handle_alloc(0, NULL, MPI_INFO_NULL, &r));
    OK(MPI_T_event_handle_free(r, NULL, NULL));
    OK(MPI_Finalize());
    OK(MPI_T_finalize());
    return 0;
}
