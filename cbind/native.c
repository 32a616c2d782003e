/* Functions that need no engine and no Go. They work at any time, in forked children too. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
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

static int null_argument(const char *called, const int64_t *values) {
    if (rain_enter()) return rain_refused("an MPI function with a null pointer");
    rain_frame f = {0};
    return rain_raise(&f, rain_null(&f), RAIN_NONE, 0, called, values);
}

int PMPI_Get_address(const void *location, MPI_Aint *address) {
    if (!address) return null_argument("MPI_Get_address(address=%p)", (int64_t[]){(uintptr_t)address});
    *address = (MPI_Aint)location;
    return MPI_SUCCESS;
}
RAIN_WEAK(Get_address)

int PMPI_Get_version(int *version, int *subversion) {
    if (!version || !subversion) return null_argument("MPI_Get_version(version=%p, subversion=%p)", (int64_t[]){(uintptr_t)version, (uintptr_t)subversion});
    *version = MPI_VERSION;
    *subversion = MPI_SUBVERSION;
    return MPI_SUCCESS;
}
RAIN_WEAK(Get_version)

int PMPI_Abi_get_version(int *abi_major, int *abi_minor) {
    if (!abi_major || !abi_minor) return null_argument("MPI_Abi_get_version(abi_major=%p, abi_minor=%p)", (int64_t[]){(uintptr_t)abi_major, (uintptr_t)abi_minor});
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
    if (!status || !source) return null_argument("MPI_Status_get_source(status=%p, source=%p)", (int64_t[]){(uintptr_t)status, (uintptr_t)source});
    *source = status->MPI_SOURCE;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_get_source)

int PMPI_Status_get_tag(const MPI_Status *status, int *tag) {
    if (!status || !tag) return null_argument("MPI_Status_get_tag(status=%p, tag=%p)", (int64_t[]){(uintptr_t)status, (uintptr_t)tag});
    *tag = status->MPI_TAG;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_get_tag)

int PMPI_Status_get_error(const MPI_Status *status, int *error) {
    if (!status || !error) return null_argument("MPI_Status_get_error(status=%p, error=%p)", (int64_t[]){(uintptr_t)status, (uintptr_t)error});
    *error = status->MPI_ERROR;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_get_error)

int PMPI_Status_set_source(MPI_Status *status, int source) {
    if (!status) return null_argument("MPI_Status_set_source(status=%p)", (int64_t[]){(uintptr_t)status});
    status->MPI_SOURCE = source;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_source)

int PMPI_Status_set_tag(MPI_Status *status, int tag) {
    if (!status) return null_argument("MPI_Status_set_tag(status=%p)", (int64_t[]){(uintptr_t)status});
    status->MPI_TAG = tag;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_tag)

int PMPI_Status_set_error(MPI_Status *status, int error) {
    if (!status) return null_argument("MPI_Status_set_error(status=%p)", (int64_t[]){(uintptr_t)status});
    status->MPI_ERROR = error;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_error)

/* internal[0..1] hold the 64-bit count of bytes, internal[2] the cancelled flag (status.go). */
int PMPI_Test_cancelled(const MPI_Status *status, int *flag) {
    if (!status || !flag) return null_argument("MPI_Test_cancelled(status=%p, flag=%p)", (int64_t[]){(uintptr_t)status, (uintptr_t)flag});
    *flag = status->MPI_internal[2];
    return MPI_SUCCESS;
}
RAIN_WEAK(Test_cancelled)

int PMPI_Status_set_cancelled(MPI_Status *status, int flag) {
    if (!status) return null_argument("MPI_Status_set_cancelled(status=%p)", (int64_t[]){(uintptr_t)status});
    status->MPI_internal[2] = flag != 0;
    return MPI_SUCCESS;
}
RAIN_WEAK(Status_set_cancelled)
