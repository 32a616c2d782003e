package redop

import (
	"slices"
	"testing"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

func TestAccumulate(t *testing.T) {
	v, err := dtype.Vector(3, 2, 3, dtype.Int.Type())
	if err != nil {
		t.Fatal(err)
	}
	mem := []int32{1, 2, 3, 4, 5, 6, 7, 8}
	add := []int32{20, 40, 50, 70, 80} // from the second element on
	Accumulate(Sum, v, unsafe.Pointer(&mem[0]), 1, 4, unsafe.Slice((*byte)(unsafe.Pointer(&add[0])), 20))
	if !slices.Equal(mem, []int32{1, 22, 3, 44, 55, 6, 77, 88}) {
		t.Error(mem)
	}
}

func TestAccumulatePairs(t *testing.T) {
	type doubleInt = pair[float64, int32]
	v, err := dtype.Vector(2, 1, 2, dtype.DoubleInt.Type())
	if err != nil {
		t.Fatal(err)
	}
	mem := []doubleInt{{1, 1}, {2, 2}, {3, 3}}
	in := []doubleInt{{0, 7}, {5, 9}}
	packed := make([]byte, 24)
	dtype.DoubleInt.Type().Pack(packed, unsafe.Pointer(&in[0]), 2, 0)
	Accumulate(Maxloc, v, unsafe.Pointer(&mem[0]), 1, 0, packed)
	if !slices.Equal(mem, []doubleInt{{1, 1}, {2, 2}, {5, 9}}) {
		t.Error(mem)
	}
	Accumulate(Replace, v, unsafe.Pointer(&mem[0]), 1, 0, packed[:12])
	if !slices.Equal(mem, []doubleInt{{0, 7}, {2, 2}, {5, 9}}) {
		t.Error(mem)
	}
}
