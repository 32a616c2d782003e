package dtype

import (
	"testing"
	"unsafe"
)

func TestVectorPack(t *testing.T) {
	v, err := Vector(3, 2, 4, Int.Type())
	if err != nil {
		t.Fatal(err)
	}
	if v.Size() != 24 || v.Extent() != 40 {
		t.Fatalf("size %d extent %d", v.Size(), v.Extent())
	}
	mem := make([]int32, 20)
	for i := range mem {
		mem[i] = int32(i)
	}
	out := make([]int32, 12)
	n := v.Pack(unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), 48), unsafe.Pointer(&mem[0]), 2, 0)
	want := []int32{0, 1, 4, 5, 8, 9, 10, 11, 14, 15, 18, 19}
	for i := range want {
		if n != 48 || out[i] != want[i] {
			t.Fatal(n, out)
		}
	}
}
