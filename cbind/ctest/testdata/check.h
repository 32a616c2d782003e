/* What the programs share: CHECK ends the program with a line that says what did not hold. */
#ifndef CHECK_H
#define CHECK_H

#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(x) \
    do { \
        if (!(x)) { \
            fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #x); \
            exit(1); \
        } \
    } while (0)

/* OK is for calls that must succeed, FAILS for those that must fail with a class. */
#define OK(call) CHECK((call) == MPI_SUCCESS)
#define FAILS(class_, call) \
    do { \
        int rc_ = (call), got_ = 0; \
        MPI_Error_class(rc_, &got_); \
        if (got_ != (class_)) { \
            fprintf(stderr, "%s:%d: %s gives class %d, want %d (%s)\n", __FILE__, __LINE__, #call, got_, class_, #class_); \
            exit(1); \
        } \
    } while (0)

#endif
