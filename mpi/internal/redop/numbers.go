package redop

import "unsafe"

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

type addable interface {
	number | complex64 | complex128
}

func numbers[T number]() arithmetic {
	return arithmetic{sum: sum[T], prod: prod[T], min: minimum[T], max: maximum[T]}
}

func complexes[T complex64 | complex128]() arithmetic {
	return arithmetic{sum: sum[T], prod: prod[T]}
}

// arrays views both operands as slices of equal length.
func arrays[T any](in, inout unsafe.Pointer, n int) (a, b []T) {
	return unsafe.Slice((*T)(in), n), unsafe.Slice((*T)(inout), n)
}

// The loops take eight elements a round, through slices of a known length, which leaves one
// bounds check for the eight: then memory is what they wait for.

func sum[T addable](in, inout unsafe.Pointer, n int) {
	a, b := arrays[T](in, inout, n)
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]T)(a), (*[8]T)(b)
		y[0] = x[0] + y[0]
		y[1] = x[1] + y[1]
		y[2] = x[2] + y[2]
		y[3] = x[3] + y[3]
		y[4] = x[4] + y[4]
		y[5] = x[5] + y[5]
		y[6] = x[6] + y[6]
		y[7] = x[7] + y[7]
		a, b = a[8:], b[8:]
	}
	for i := range a {
		b[i] = a[i] + b[i]
	}
}

func prod[T addable](in, inout unsafe.Pointer, n int) {
	a, b := arrays[T](in, inout, n)
	for len(a) >= 8 && len(b) >= 8 {
		x, y := (*[8]T)(a), (*[8]T)(b)
		y[0] = x[0] * y[0]
		y[1] = x[1] * y[1]
		y[2] = x[2] * y[2]
		y[3] = x[3] * y[3]
		y[4] = x[4] * y[4]
		y[5] = x[5] * y[5]
		y[6] = x[6] * y[6]
		y[7] = x[7] * y[7]
		a, b = a[8:], b[8:]
	}
	for i := range a {
		b[i] = a[i] * b[i]
	}
}

// minimum and maximum have no branch that depends on data. Of a number and a NaN the result is
// NaN, so that it does not depend on the order in which ranks are combined.

func minimum[T number](in, inout unsafe.Pointer, n int) {
	a, b := arrays[T](in, inout, n)
	for len(a) >= 4 && len(b) >= 4 {
		x, y := (*[4]T)(a), (*[4]T)(b)
		y[0] = min(x[0], y[0])
		y[1] = min(x[1], y[1])
		y[2] = min(x[2], y[2])
		y[3] = min(x[3], y[3])
		a, b = a[4:], b[4:]
	}
	for i := range a {
		b[i] = min(a[i], b[i])
	}
}

func maximum[T number](in, inout unsafe.Pointer, n int) {
	a, b := arrays[T](in, inout, n)
	for len(a) >= 4 && len(b) >= 4 {
		x, y := (*[4]T)(a), (*[4]T)(b)
		y[0] = max(x[0], y[0])
		y[1] = max(x[1], y[1])
		y[2] = max(x[2], y[2])
		y[3] = max(x[3], y[3])
		a, b = a[4:], b[4:]
	}
	for i := range a {
		b[i] = max(a[i], b[i])
	}
}

// replaceOf copies elements of the given extent (MPI_REPLACE).
func replaceOf(extent int) kernel {
	return func(in, inout unsafe.Pointer, n int) {
		copy(unsafe.Slice((*byte)(inout), n*extent), unsafe.Slice((*byte)(in), n*extent))
	}
}
