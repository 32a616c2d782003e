/* Runs the user's function that Go asked for. The frame carries what it returns back to Go. */
#include <limits.h>

#include "frame.h"
#include "_cgo_export.h"

/* An MPI_User_function counts in int: a longer vector is handed over in pieces. a[3] is the extent. */
static void run_op(rain_frame *f) {
    MPI_User_function *fn = (MPI_User_function *)f->fn;
    char *in = (char *)f->a[0], *inout = (char *)f->a[1];
    MPI_Datatype type = (MPI_Datatype)f->a[2];
    for (int64_t left = f->n; left > 0;) {
        int64_t some = left < INT_MAX ? left : INT_MAX;
        int len = (int)some;
        fn(in, inout, &len, &type);
        in += some * (intptr_t)f->a[3];
        inout += some * (intptr_t)f->a[3];
        left -= some;
    }
}

static void run_op_c(rain_frame *f) {
    MPI_Count len = f->n;
    MPI_Datatype type = (MPI_Datatype)f->a[2];
    ((MPI_User_function_c *)f->fn)((void *)f->a[0], (void *)f->a[1], &len, &type);
}

/* Copy and delete functions of communicators, datatypes and windows differ only in the type of the
   handle, which is a pointer in all three. */
static void run_copy(rain_frame *f) {
    MPI_Comm_copy_attr_function *fn = (MPI_Comm_copy_attr_function *)f->fn;
    int flag = 0;
    void *out = 0;
    f->result = fn((MPI_Comm)f->a[0], (int)f->n, (void *)f->a[1], (void *)f->a[2], &out, &flag);
    f->a[3] = (uintptr_t)out;
    f->result2 = flag;
}

static void run_delete(rain_frame *f) {
    MPI_Comm_delete_attr_function *fn = (MPI_Comm_delete_attr_function *)f->fn;
    f->result = fn((MPI_Comm)f->a[0], (int)f->n, (void *)f->a[1], (void *)f->a[2]);
}

static void run_extent(rain_frame *f) {
    MPI_Aint extent = 0;
    f->result = ((MPI_Datarep_extent_function *)f->fn)((MPI_Datatype)f->a[0], &extent, (void *)f->a[1]);
    f->a[3] = (uintptr_t)extent;
}

/* All items at once: position 0. */
static void run_convert(rain_frame *f) {
    MPI_Datarep_conversion_function *fn = (MPI_Datarep_conversion_function *)f->fn;
    f->result = fn((void *)f->a[0], (MPI_Datatype)f->a[1], (int)f->n, (void *)f->a[2], 0, (void *)f->a[3]);
}

static void run_convert_c(rain_frame *f) {
    MPI_Datarep_conversion_function_c *fn = (MPI_Datarep_conversion_function_c *)f->fn;
    f->result = fn((void *)f->a[0], (MPI_Datatype)f->a[1], f->n, (void *)f->a[2], 0, (void *)f->a[3]);
}

static void run_event_free(rain_frame *f) {
    ((MPI_T_event_free_cb_function *)f->fn)((MPI_T_event_registration)f->a[0], MPI_T_CB_REQUIRE_NONE, (void *)f->a[1]);
}

/* No lock is held: no level of safety is required. The instance's handle is the registration's. */
static void run_event(rain_frame *f) {
    MPI_T_event_registration of = (MPI_T_event_registration)f->a[0];
    void *data = (void *)f->a[1];
    if (f->a[2]) ((MPI_T_event_dropped_cb_function *)f->a[2])(f->n, of, 0, MPI_T_CB_REQUIRE_NONE, data);
    if (f->fn) ((MPI_T_event_cb_function *)f->fn)((MPI_T_event_instance)of, of, MPI_T_CB_REQUIRE_NONE, data);
    rain_Event_over((uintptr_t)f);
    if (f->fn) run_event_free(f);
}

void rain_callback(rain_frame *f) {
    switch (f->cb) {
    case RAIN_CB_EVENT: run_event(f); break;
    case RAIN_CB_EVENT_FREE: run_event_free(f); break;
    case RAIN_CB_EXTENT: run_extent(f); break;
    case RAIN_CB_CONVERT: run_convert(f); break;
    case RAIN_CB_CONVERT_C: run_convert_c(f); break;
    case RAIN_CB_OP: run_op(f); break;
    case RAIN_CB_OP_C: run_op_c(f); break;
    case RAIN_CB_COPY: run_copy(f); break;
    case RAIN_CB_DELETE: run_delete(f); break;
    case RAIN_CB_QUERY:
        f->result = ((MPI_Grequest_query_function *)f->fn)((void *)f->a[0], (MPI_Status *)f->a[1]);
        break;
    case RAIN_CB_ERROR: {
        MPI_Comm handle = (MPI_Comm)f->a[0];
        int code = (int)f->n;
        ((MPI_Comm_errhandler_function *)f->fn)(&handle, &code, "called by the program", (char *)0);
        break;
    }
    case RAIN_CB_FREE: f->result = ((MPI_Grequest_free_function *)f->fn)((void *)f->a[0]); break;
    case RAIN_CB_CANCEL: f->result = ((MPI_Grequest_cancel_function *)f->fn)((void *)f->a[0], (int)f->n); break;
    }
}
