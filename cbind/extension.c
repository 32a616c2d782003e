/*
 * The functions of include/mpi-ext.h. A program finds them behind an attribute (attr.go), as the library
 * exports what the standard ABI has and nothing else. Each is what shim_gen.c would make of it.
 */
#include "frame.h"
#include "include/mpi-ext.h"
#include "_cgo_export.h"

#undef MPIX_Comm_revoke
#undef MPIX_Comm_is_revoked
#undef MPIX_Comm_get_failed
#undef MPIX_Comm_ack_failed

#define EXTENSION(NAME, VERBS, VALUES, ...) \
    if (rain_enter()) return rain_refused("MPIX_" #NAME); \
    rain_frame f = {0}; \
    int rc = rain_##NAME((uintptr_t)&f, (uintptr_t)comm, ##__VA_ARGS__); \
    return rc ? rain_raise(&f, rc, RAIN_COMM, (uintptr_t)comm, "MPIX_" #NAME "(comm=%h" VERBS ")", VALUES) : MPI_SUCCESS

#define LIST(...) (int64_t[]){(uintptr_t)comm, ##__VA_ARGS__}

static int revoke(MPI_Comm comm) { EXTENSION(Comm_revoke, "", LIST()); }

static int is_revoked(MPI_Comm comm, int *flag) {
    EXTENSION(Comm_is_revoked, ", flag=%p", LIST((uintptr_t)flag), (uintptr_t)flag);
}

static int get_failed(MPI_Comm comm, MPI_Group *failed) {
    EXTENSION(Comm_get_failed, ", failed=%p", LIST((uintptr_t)failed), (uintptr_t)failed);
}

static int ack_failed(MPI_Comm comm, int n, int *acked) {
    EXTENSION(Comm_ack_failed, ", num_to_ack=%d, num_acked=%p", LIST(n, (uintptr_t)acked), n, (uintptr_t)acked);
}

const void *rain_extension_table(void) {
    static const rain_extensions table = {sizeof table, revoke, is_revoked, get_failed, ack_failed};
    return &table;
}
