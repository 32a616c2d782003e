/*
 * Extensions of rainmpi beyond the MPI standard (MPIX_). This version has none: a program may include
 * this header and test for the macros of those it can use.
 */
#ifndef MPI_EXT_H_RAIN
#define MPI_EXT_H_RAIN

#include "mpi.h"

#define RAINMPI 1

#endif
