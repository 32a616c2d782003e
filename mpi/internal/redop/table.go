package redop

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// kernel applies one operation to n elements of one type.
type kernel func(in, inout unsafe.Pointer, n int)

var table [numOps][dtype.NumBasics]kernel

// arithmetic is the set of kernels that a number type has; nil where it has none.
type arithmetic struct{ sum, prod, min, max kernel }

func init() {
	for b := dtype.None + 1; int(b) < dtype.NumBasics; b++ {
		fill(b, b.Info())
	}
}

// fill enters the operations on b. "The following operations are defined on" is the table of
// MPI 5.0 §6.9.2.
func fill(b dtype.Basic, in *dtype.Info) {
	set := func(op Op, k kernel) { table[op][b] = k }
	set(Replace, replaceOf(int(in.Extent)))
	set(NoOp, func(_, _ unsafe.Pointer, _ int) {})

	switch in.Class {
	case dtype.ClassCInteger, dtype.ClassFortranInteger, dtype.ClassMulti, dtype.ClassFloat:
		a := arithmeticOf(in.Kind, in.Size)
		set(Max, a.max)
		set(Min, a.min)
		set(Sum, a.sum)
		set(Prod, a.prod)
	case dtype.ClassComplex:
		a := arithmeticOf(in.Kind, in.Size)
		set(Sum, a.sum)
		set(Prod, a.prod)
	case dtype.ClassPair:
		set(Minloc, locOf(in, true))
		set(Maxloc, locOf(in, false))
	}
	switch in.Class {
	case dtype.ClassCInteger, dtype.ClassLogical, dtype.ClassMulti: // MPI's own integers are C integers too
		set(Land, logicalOf(Land, in.Size))
		set(Lor, logicalOf(Lor, in.Size))
		set(Lxor, logicalOf(Lxor, in.Size))
	}
	switch in.Class {
	case dtype.ClassCInteger, dtype.ClassFortranInteger, dtype.ClassMulti, dtype.ClassByte:
		set(Band, bitwiseOf(and, int(in.Size)))
		set(Bor, bitwiseOf(or, int(in.Size)))
		set(Bxor, bitwiseOf(xor, int(in.Size)))
	}
}

func arithmeticOf(k dtype.Kind, size int64) arithmetic {
	switch k {
	case dtype.KindInt:
		switch size {
		case 1:
			return numbers[int8]()
		case 2:
			return numbers[int16]()
		case 4:
			return numbers[int32]()
		case 8:
			return numbers[int64]()
		case 16:
			return soft[int128]()
		}
	case dtype.KindUint:
		switch size {
		case 1:
			return numbers[uint8]()
		case 2:
			return numbers[uint16]()
		case 4:
			return numbers[uint32]()
		case 8:
			return numbers[uint64]()
		}
	case dtype.KindFloat:
		switch size {
		case 2:
			return soft[float16]()
		case 4:
			return numbers[float32]()
		case 8:
			return numbers[float64]()
		case 16:
			return soft[float128]()
		}
	case dtype.KindX87:
		return soft[float80]()
	case dtype.KindComplex:
		switch size {
		case 4:
			return softComplex[float16]()
		case 8:
			return complexes[complex64]()
		case 16:
			return complexes[complex128]()
		case 32:
			return softComplex[float128]()
		}
	case dtype.KindComplexX87:
		return softComplex[float80]()
	}
	panic("redop: a basic type without arithmetic is in an arithmetic class")
}
