// Package redop holds the predefined reduction operations of MPI on every basic type that the
// standard allows them on (MPI 5.0 §6.9.2, §6.9.4 and, for MPI_REPLACE and MPI_NO_OP, §12.3.4).
//
// Every pair of operation and type has a loop of its own, found in one table; a pair that is not
// in the table is not valid. C's long double and Fortran's REAL*2, REAL*16 and INTEGER*16, which
// Go has no types for, are computed by soft arithmetic with the rounding of the hardware's or
// the standard's format.
//
// The package is pure: it touches only the memory it is handed.
package redop

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// Op is a predefined operation; the values are the handles of the standard ABI.
type Op uint8

const (
	Null    Op = 0x20
	Sum     Op = 0x21
	Min     Op = 0x22
	Max     Op = 0x23
	Prod    Op = 0x24
	Band    Op = 0x28
	Bor     Op = 0x29
	Bxor    Op = 0x2a
	Land    Op = 0x30
	Lor     Op = 0x31
	Lxor    Op = 0x32
	Minloc  Op = 0x38
	Maxloc  Op = 0x39
	Replace Op = 0x3c // one-sided communication only
	NoOp    Op = 0x3d // one-sided communication only

	numOps = 0x40
)

var names = map[Op]string{
	Null: "MPI_OP_NULL", Sum: "MPI_SUM", Min: "MPI_MIN", Max: "MPI_MAX", Prod: "MPI_PROD",
	Band: "MPI_BAND", Bor: "MPI_BOR", Bxor: "MPI_BXOR", Land: "MPI_LAND", Lor: "MPI_LOR",
	Lxor: "MPI_LXOR", Minloc: "MPI_MINLOC", Maxloc: "MPI_MAXLOC", Replace: "MPI_REPLACE", NoOp: "MPI_NO_OP",
}

// String returns the standard's name of op.
func (op Op) String() string {
	if s, ok := names[op]; ok {
		return s
	}
	return "invalid operation"
}

// Valid reports whether the standard defines op on b.
func Valid(op Op, b dtype.Basic) bool {
	return op < numOps && int(b) < dtype.NumBasics && table[op][b] != nil
}

// Apply sets inout[i] = in[i] op inout[i] for n elements of type b. The arrays may be the same
// but must not overlap otherwise. It panics if op is not valid on b.
func Apply(op Op, b dtype.Basic, in, inout unsafe.Pointer, n int64) {
	if n <= 0 {
		return
	}
	k := table[op][b]
	if k == nil {
		panic("redop: " + op.String() + " is not defined on " + b.String())
	}
	k(in, inout, int(n))
}

// ValidOn reports whether op can be applied to arrays of t: t is a predefined type that op is
// defined on, or an array of one without gaps.
func ValidOn(op Op, t *dtype.Type) bool {
	b, ok := t.Basic()
	if !ok {
		return t.Size() == 0
	}
	return Valid(op, b) && elements(b, t) > 0
}

// Reduce is Apply for count elements of t. It reports false, and does nothing, where ValidOn does.
func Reduce(op Op, t *dtype.Type, in, inout unsafe.Pointer, count int64) bool {
	b, ok := t.Basic()
	if !ok {
		return t.Size() == 0
	}
	per := elements(b, t)
	if per == 0 || !Valid(op, b) {
		return false
	}
	Apply(op, b, in, inout, per*count)
	return true
}

// elements returns how many elements of b, without gaps but b's own, make up one t; 0 if there
// are others.
func elements(b dtype.Basic, t *dtype.Type) int64 {
	per := t.Size() / b.Size()
	info := b.Info()
	switch {
	case t.Extent() != per*info.Extent || t.TrueLB() != 0:
		return 0
	case t.Contiguous():
		return per
	case per == 1, t.TrueExtent() == (per-1)*info.Extent+b.Type().TrueExtent():
		return per // pairs with padding, one after the other
	}
	return 0
}
