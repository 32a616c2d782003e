/*
 * Errors. Go chooses the handler and has returned before it runs: a handler may longjmp, throw, or
 * call MPI.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "_cgo_export.h"

static __thread struct {
    int code;
    char text[MPI_MAX_ERROR_STRING];
} latest __attribute__((tls_model("initial-exec")));

const char *rain_said(int code) { return code && code == latest.code ? latest.text : NULL; }

/* The four kinds of handler have the same shape: a pointer to the handle, a pointer to the code. */
int rain_raise(rain_frame *f, int rc, int kind, uintptr_t object, const char *called, const int64_t *values) {
    f->fn = 0;
    rain_Raise((uintptr_t)f, rc, kind, object, (uintptr_t)called, (uintptr_t)values); /* does not return if errors are fatal */
    latest.code = rc;
    snprintf(latest.text, sizeof latest.text, "%s", f->text);
    free(f->text); /* before the handler: it may not come back */
    f->text = NULL;
    if (f->fn) {
        MPI_Comm handle = (MPI_Comm)f->a[0];
        char copy[MPI_MAX_ERROR_STRING];
        memcpy(copy, latest.text, sizeof copy);
        ((MPI_Comm_errhandler_function *)f->fn)(&handle, &rc, copy, (char *)NULL);
    }
    return rc;
}

int rain_null(rain_frame *f) {
    f->text = strdup("a pointer that must not be null is null");
    return MPI_ERR_ARG;
}

int rain_unsupported(int kind, uintptr_t object, const char *function) {
    if (rain_enter()) return rain_refused(function);
    rain_frame f = {0};
    return rain_raise(&f, MPI_ERR_UNSUPPORTED_OPERATION, kind, object, function, NULL);
}
