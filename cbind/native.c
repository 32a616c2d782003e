/* Functions that need no engine and no Go. They work at any time, in forked children too. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

struct rain_predefined rain_predefined;

int rain_is_main_thread(void) { return syscall(SYS_gettid) == getpid(); }

void rain_free(uintptr_t base) { free((void *)base); }

double PMPI_Wtime(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
RAIN_WEAK(Wtime)

double PMPI_Wtick(void) {
    struct timespec t;
    clock_getres(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
RAIN_WEAK(Wtick)

MPI_Aint PMPI_Aint_add(MPI_Aint base, MPI_Aint disp) { return (MPI_Aint)((uintptr_t)base + (uintptr_t)disp); }
RAIN_WEAK(Aint_add)

MPI_Aint PMPI_Aint_diff(MPI_Aint addr1, MPI_Aint addr2) { return (MPI_Aint)((uintptr_t)addr1 - (uintptr_t)addr2); }
RAIN_WEAK(Aint_diff)

static int bad_argument(const char *function) {
    if (rain_enter()) return rain_refused(function);
    rain_frame f = {0};
    return rain_raise(&f, MPI_ERR_ARG, RAIN_NONE, 0, function);
}

int PMPI_Get_address(const void *location, MPI_Aint *address) {
    if (!address) return bad_argument("MPI_Get_address");
    *address = (MPI_Aint)location;
    return MPI_SUCCESS;
}
RAIN_WEAK(Get_address)

int PMPI_Get_version(int *version, int *subversion) {
    if (!version || !subversion) return bad_argument("MPI_Get_version");
    *version = MPI_VERSION;
    *subversion = MPI_SUBVERSION;
    return MPI_SUCCESS;
}
RAIN_WEAK(Get_version)

int PMPI_Abi_get_version(int *abi_major, int *abi_minor) {
    if (!abi_major || !abi_minor) return bad_argument("MPI_Abi_get_version");
    *abi_major = MPI_ABI_VERSION;
    *abi_minor = MPI_ABI_SUBVERSION;
    return MPI_SUCCESS;
}
RAIN_WEAK(Abi_get_version)

/* For profilers, which replace it; the library itself does nothing (MPI 5.0, 15.2.4). */
int PMPI_Pcontrol(const int level, ...) {
    (void)level;
    return MPI_SUCCESS;
}
RAIN_WEAK(Pcontrol)

int PMPI_Status_get_source(const MPI_Status *status, int *source) {
    if (!status || !source) return bad_argument("MPI_Status_get_source");
    *source = status->MPI_SOURCE;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_get_source)

int PMPI_Status_get_tag(const MPI_Status *status, int *tag) {
    if (!status || !tag) return bad_argument("MPI_Status_get_tag");
    *tag = status->MPI_TAG;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_get_tag)

int PMPI_Status_get_error(const MPI_Status *status, int *error) {
    if (!status || !error) return bad_argument("MPI_Status_get_error");
    *error = status->MPI_ERROR;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_get_error)

int PMPI_Status_set_source(MPI_Status *status, int source) {
    if (!status) return bad_argument("MPI_Status_set_source");
    status->MPI_SOURCE = source;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_source)

int PMPI_Status_set_tag(MPI_Status *status, int tag) {
    if (!status) return bad_argument("MPI_Status_set_tag");
    status->MPI_TAG = tag;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_tag)

int PMPI_Status_set_error(MPI_Status *status, int error) {
    if (!status) return bad_argument("MPI_Status_set_error");
    status->MPI_ERROR = error;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_error)

/* internal[0..1] hold the 64-bit count of bytes, internal[2] the cancelled flag (status.go). */
int PMPI_Test_cancelled(const MPI_Status *status, int *flag) {
    if (!status || !flag) return bad_argument("MPI_Test_cancelled");
    *flag = status->MPI_internal[2];
    return MPI_SUCCESS;
}
RAIN_WEAK(Test_cancelled)

int PMPI_Status_set_cancelled(MPI_Status *status, int flag) {
    if (!status) return bad_argument("MPI_Status_set_cancelled");
    status->MPI_internal[2] = flag != 0;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_cancelled)
