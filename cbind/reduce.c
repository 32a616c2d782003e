/*
 * The predefined operations on machine words, for collectives that C does itself. They are those of
 * mpi/internal/redop, to the bit; the kinds are those of mpi/plain.go.
 */
#include <math.h>
#include <stdint.h>

#include "frame.h"

#define EACH(expr)                     \
    for (int64_t i = 0; i < n; i++) {  \
        __typeof__(*b) x = a[i], y = b[i]; \
        b[i] = (expr);                 \
    }                                  \
    break

#define LOGICAL                        \
    case (uintptr_t)MPI_LAND: EACH(x && y); \
    case (uintptr_t)MPI_LOR: EACH(x || y);  \
    case (uintptr_t)MPI_LXOR: EACH(!x != !y);

#define BITS                           \
    case (uintptr_t)MPI_BAND: EACH(x & y); \
    case (uintptr_t)MPI_BOR: EACH(x | y);  \
    case (uintptr_t)MPI_BXOR: EACH(x ^ y);

/* Sums and products of signed numbers wrap around, as unsigned ones do. */
#define INTEGER(name, T, U)                                                        \
    static void name(uintptr_t op, const T *a, T *b, int64_t n) {                  \
        switch (op) {                                                              \
        case (uintptr_t)MPI_SUM: EACH((T)((U)x + (U)y));                           \
        case (uintptr_t)MPI_PROD: EACH((T)((U)x * (U)y));                          \
        case (uintptr_t)MPI_MIN: EACH(x < y ? x : y);                              \
        case (uintptr_t)MPI_MAX: EACH(x > y ? x : y);                              \
            LOGICAL                                                                \
            BITS                                                                   \
        }                                                                          \
    }

/* Of a number and a NaN the result is NaN, and zeros have an order: -0 < 0. */
#define FLOATING(name, T)                                                                                          \
    static void name(uintptr_t op, const T *a, T *b, int64_t n) {                                                  \
        switch (op) {                                                                                              \
        case (uintptr_t)MPI_SUM: EACH(x + y);                                                                      \
        case (uintptr_t)MPI_PROD: EACH(x * y);                                                                     \
        case (uintptr_t)MPI_MIN: EACH(x != x ? x : y != y ? y : x < y ? x : y < x ? y : signbit(x) ? x : y);       \
        case (uintptr_t)MPI_MAX: EACH(x != x ? x : y != y ? y : x > y ? x : y > x ? y : signbit(x) ? y : x);       \
        }                                                                                                          \
    }

INTEGER(int8s, int8_t, uint32_t)
INTEGER(int16s, int16_t, uint32_t)
INTEGER(int32s, int32_t, uint32_t)
INTEGER(int64s, int64_t, uint64_t)
INTEGER(uint8s, uint8_t, uint32_t)
INTEGER(uint16s, uint16_t, uint32_t)
INTEGER(uint32s, uint32_t, uint32_t)
INTEGER(uint64s, uint64_t, uint64_t)
FLOATING(floats, float)
FLOATING(doubles, double)

void rain_reduce(int kind, MPI_Op handle, const void *in, void *inout, int64_t n) {
    uintptr_t op = (uintptr_t)handle;
    switch (kind) {
    case 1: int8s(op, in, inout, n); break;
    case 2: int16s(op, in, inout, n); break;
    case 3: int32s(op, in, inout, n); break;
    case 4: int64s(op, in, inout, n); break;
    case 5: uint8s(op, in, inout, n); break;
    case 6: uint16s(op, in, inout, n); break;
    case 7: uint32s(op, in, inout, n); break;
    case 8: uint64s(op, in, inout, n); break;
    case 9: floats(op, in, inout, n); break;
    case 10: doubles(op, in, inout, n); break;
    }
}
