/*
 * Errors. Go chooses the handler and has returned before it runs: a handler may longjmp, throw, or
 * call MPI.
 */
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "_cgo_export.h"

/* The four kinds of handler have the same shape: a pointer to the handle, a pointer to the code. */
int rain_raise(rain_frame *f, int rc, int kind, uintptr_t object, const char *function) {
    f->fn = 0;
    rain_Raise((uintptr_t)f, rc, kind, object, (uintptr_t)function); /* does not return if errors are fatal */
    char *text = f->text;
    f->text = NULL;
    if (f->fn) {
        MPI_Comm handle = (MPI_Comm)f->a[0];
        char copy[MPI_MAX_ERROR_STRING];
        strncpy(copy, text ? text : "", sizeof copy - 1);
        copy[sizeof copy - 1] = 0;
        free(text); /* before the handler: it may not come back */
        ((MPI_Comm_errhandler_function *)f->fn)(&handle, &rc, copy, (char *)NULL);
        return rc;
    }
    free(text);
    return rc;
}

int rain_unsupported(int kind, uintptr_t object, const char *function) {
    if (rain_enter()) return rain_refused(function);
    rain_frame f = {0};
    return rain_raise(&f, MPI_ERR_UNSUPPORTED_OPERATION, kind, object, function);
}
