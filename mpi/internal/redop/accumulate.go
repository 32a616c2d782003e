package redop

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// Accumulate applies op to the part of count elements of t at base that begins at byte off of
// their packed stream: each becomes packed op itself (MPI 5.0 §12.3.4). All data of t is of one
// basic type, on which op is valid; off and the length of packed are whole elements of it.
func Accumulate(op Op, t *dtype.Type, base unsafe.Pointer, count, off int64, packed []byte) {
	b, ok := t.Basic()
	if !ok || len(packed) == 0 {
		return
	}
	size := b.Size()
	if size != b.Info().Extent {
		accumulatePairs(op, b, t, base, off, packed)
		return
	}
	t.Runs(count, off, int64(len(packed)), func(disp, n int64) bool {
		Apply(op, b, unsafe.Pointer(unsafe.SliceData(packed)), unsafe.Add(base, disp), n/size)
		packed = packed[n:]
		return true
	})
}

// accumulatePairs is Accumulate for pairs with padding, which has no place in the stream.
func accumulatePairs(op Op, b dtype.Basic, t *dtype.Type, base unsafe.Pointer, off int64, packed []byte) {
	var one [4]uint64 // any pair
	for size := int(b.Size()); len(packed) >= size; packed = packed[size:] {
		b.Type().Unpack(unsafe.Pointer(&one), 1, 0, packed[:size])
		if op == Replace { // leaves the padding alone
			b.Type().Unpack(t.Address(base, off), 1, 0, packed[:size])
		} else {
			Apply(op, b, unsafe.Pointer(&one), t.Address(base, off), 1)
		}
		off += int64(size)
	}
}
