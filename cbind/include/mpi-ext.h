/*
 * Extensions of rainmpi beyond the MPI standard (MPIX_). Each is a macro too, for which a program may
 * test. The library exports the functions of the standard ABI and nothing else, so these are static
 * functions that find theirs behind an attribute: a program that uses them runs with any library of
 * the ABI, and has MPI_ERR_UNSUPPORTED_OPERATION there.
 *
 * User-Level Failure Mitigation, for jobs that go on without ranks that fail (rainrun --on-failure
 * continue). MPIX_Comm_shrink and MPIX_Comm_agree are not in this version; MPI_Comm_create_group makes
 * a communicator of those who are left.
 */
#ifndef MPI_EXT_H_RAIN
#define MPI_EXT_H_RAIN

#include <string.h>

#include "mpi.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define RAINMPI 1

/* Error classes of this library's own; the standard has none above MPI_ERR_ABI here. */
#define MPIX_ERR_PROC_FAILED         101 /* a process that the call involves has failed */
#define MPIX_ERR_PROC_FAILED_PENDING 102 /* one has failed that might have sent; the request is as it was */
#define MPIX_ERR_REVOKED             103 /* a process has revoked the communicator */

/* What the attribute is: functions of the library, as many as are in size bytes. */
enum { RAIN_EXTENSIONS = 0x7261696e };
typedef struct rain_extensions {
    int size;
    int (*Comm_revoke)(MPI_Comm);
    int (*Comm_is_revoked)(MPI_Comm, int *);
    int (*Comm_get_failed)(MPI_Comm, MPI_Group *);
    int (*Comm_ack_failed)(MPI_Comm, int, int *);
} rain_extensions;

/* *e is NULL in a library that is none of rainmpi's. The result is an error of comm's. */
static __inline__ int rain_find_extensions(MPI_Comm comm, const rain_extensions **e) {
    char version[MPI_MAX_LIBRARY_VERSION_STRING];
    int length, found = 0, rc;
    *e = NULL;
    if (MPI_Get_library_version(version, &length) == MPI_SUCCESS && strncmp(version, "rainmpi,", 8) == 0) {
        rc = MPI_Comm_get_attr(comm, RAIN_EXTENSIONS, e, &found);
        if (rc != MPI_SUCCESS) return rc;
    }
    if (found) return MPI_SUCCESS;
    *e = NULL;
    MPI_Comm_call_errhandler(comm, MPI_ERR_UNSUPPORTED_OPERATION);
    return MPI_ERR_UNSUPPORTED_OPERATION;
}

/* Ends all communication on comm, at all its processes: what waits, and what is begun from now on, ends
   with MPIX_ERR_REVOKED. Not collective. */
static __inline__ int MPIX_Comm_revoke(MPI_Comm comm) {
    const rain_extensions *e;
    int rc = rain_find_extensions(comm, &e);
    return rc != MPI_SUCCESS ? rc : e->Comm_revoke(comm);
}
#define MPIX_Comm_revoke MPIX_Comm_revoke

/* Whether that has happened, here or elsewhere. */
static __inline__ int MPIX_Comm_is_revoked(MPI_Comm comm, int *flag) {
    const rain_extensions *e;
    int rc = rain_find_extensions(comm, &e);
    return rc != MPI_SUCCESS ? rc : e->Comm_is_revoked(comm, flag);
}
#define MPIX_Comm_is_revoked MPIX_Comm_is_revoked

/* The group of the processes of comm that are known here to have failed. Later ones come behind. */
static __inline__ int MPIX_Comm_get_failed(MPI_Comm comm, MPI_Group *failed) {
    const rain_extensions *e;
    int rc = rain_find_extensions(comm, &e);
    return rc != MPI_SUCCESS ? rc : e->Comm_get_failed(comm, failed);
}
#define MPIX_Comm_get_failed MPIX_Comm_get_failed

/* Acknowledges the first num_to_ack of that group: when all are, receives from MPI_ANY_SOURCE wait for
   the others again. *num_acked is how many are. */
static __inline__ int MPIX_Comm_ack_failed(MPI_Comm comm, int num_to_ack, int *num_acked) {
    const rain_extensions *e;
    int rc = rain_find_extensions(comm, &e);
    return rc != MPI_SUCCESS ? rc : e->Comm_ack_failed(comm, num_to_ack, num_acked);
}
#define MPIX_Comm_ack_failed MPIX_Comm_ack_failed

#if defined(__cplusplus)
}
#endif

#endif
