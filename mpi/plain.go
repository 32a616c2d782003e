package mpi

import (
	"math/bits"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
)

// What language bindings know of predefined datatypes, to copy and reduce arrays
// of them without a call of this package.

// Plain is the size of a predefined datatype whose arrays have no gaps, else 0,
// and whether Sum on it is the addition of machine words.
func (d *Datatype) Plain() (size int64, adds bool) {
	if d.Handle() == 0 || !d.t.Contiguous() {
		return 0, false
	}
	b := d.t.Named()
	return d.t.Size(), redop.Valid(redop.Sum, b) && addition(redop.Sum, b)
}

// The kinds of machine words that a binding reduces: add the logarithm of the size
// in bytes.
const (
	wordInt   = 1
	wordUint  = 5 // or bits and truth values
	wordFloat = 7 // of 4 and 8 bytes: 9 and 10
)

// Words says as what kind of machine words a predefined datatype is reduced, 0 if it
// is none, and by which operations: bit i for the one whose handle is MPI_OP_NULL + i.
func (d *Datatype) Words() (kind int, ops uint32) {
	b := d.t.Named()
	info := b.Info()
	if size, _ := d.Plain(); size == 0 || size > 8 || size&(size-1) != 0 {
		return 0, 0
	}
	log := bits.TrailingZeros64(uint64(info.Size))
	switch info.Kind {
	case dtype.KindInt:
		kind = wordInt + log
	case dtype.KindUint, dtype.KindRaw, dtype.KindBool, dtype.KindLogical:
		kind = wordUint + log
	case dtype.KindFloat:
		if kind = wordFloat + log; info.Size < 4 {
			return 0, 0
		}
	default:
		return 0, 0
	}
	for _, op := range []redop.Op{redop.Sum, redop.Prod, redop.Min, redop.Max, redop.Land, redop.Lor, redop.Lxor, redop.Band, redop.Bor, redop.Bxor} {
		if redop.Valid(op, b) {
			ops |= 1 << (op - redop.Null)
		}
	}
	return kind, ops
}
