package coll

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// An elem is the value of one element in the tests: two int32, so that there is an
// associative operation that does not commute: x ↦ ax+b, one after the other.
type elem struct{ a, b int32 }

func compose(x, y elem) elem { return elem{x.a * y.a, x.a*y.b + x.b} }
func plus(x, y elem) elem    { return elem{x.a + y.a, x.b + y.b} }

// value is rank's i-th element.
func value(rank, i int) elem { return elem{int32(2*rank + 3 + i%5), int32(1000*rank + i)} }

// A kind is a datatype of one elem: where its two integers lie.
type kind struct {
	name   string
	t      *dtype.Type
	d0, d1 int64
}

var kinds = []*kind{
	{"contiguous", must(dtype.Contiguous(2, dtype.Int32.Type())), 0, 4},
	{"strided", must(dtype.Vector(2, 1, 3, dtype.Int32.Type())), 0, 12},
	{"resized", must(dtype.Resized(must(dtype.Hindexed([]int64{1, 1}, []int64{20, 8}, dtype.Int32.Type())), -4, 36)), 20, 8},
	{"below its origin", must(dtype.Hindexed([]int64{1, 1}, []int64{-12, -4}, dtype.Int32.Type())), -12, -4},
}

func must(t *dtype.Type, err error) *dtype.Type {
	if err != nil {
		panic(err)
	}
	return t
}

func kindOf(t *dtype.Type) *kind {
	for _, k := range kinds {
		if k.t == t {
			return k
		}
	}
	panic("a reduction of a type that is not its own")
}

// apply makes the Net's reduction of a function of elems.
func apply(f func(x, y elem) elem) func(in, inout unsafe.Pointer, n int64, t *dtype.Type) {
	return func(in, inout unsafe.Pointer, n int64, t *dtype.Type) {
		k := kindOf(t)
		for i := range n {
			x, y := unsafe.Add(in, i*t.Extent()), unsafe.Add(inout, i*t.Extent())
			v := f(elem{*k.at(x, k.d0), *k.at(x, k.d1)}, elem{*k.at(y, k.d0), *k.at(y, k.d1)})
			*k.at(y, k.d0), *k.at(y, k.d1) = v.a, v.b
		}
	}
}

func (k *kind) at(p unsafe.Pointer, d int64) *int32 { return (*int32)(unsafe.Add(p, d)) }

// A spot is where an element of a buffer lies.
type spot struct {
	off int64
	k   *kind
}

// A memory is a buffer with a margin, in which every byte is accounted for.
type memory struct {
	bytes []byte
	base  int64 // the buffer's address is that of bytes[base]
	spots []spot
}

const margin = 64

// row returns n spots of one kind in a row.
func spotsOf(k *kind, n int) []spot {
	s := make([]spot, n)
	for i := range s {
		s[i] = spot{int64(i) * k.t.Extent(), k}
	}
	return s
}

func newMemory(spots []spot, fill byte) *memory {
	var lo, hi int64
	for _, s := range spots {
		lo, hi = min(lo, s.off-48), max(hi, s.off+48)
	}
	m := &memory{base: roundUp(margin-lo, 16), spots: spots}
	m.bytes = make([]byte, m.base+hi+margin)
	for i := range m.bytes {
		m.bytes[i] = fill
	}
	return m
}

func (m *memory) addr() unsafe.Pointer { return unsafe.Pointer(&m.bytes[m.base]) }

func (m *memory) set(i int, v elem) {
	s := m.spots[i]
	binary.NativeEndian.PutUint32(m.bytes[m.base+s.off+s.k.d0:], uint32(v.a))
	binary.NativeEndian.PutUint32(m.bytes[m.base+s.off+s.k.d1:], uint32(v.b))
}

func (m *memory) get(i int) elem {
	s := m.spots[i]
	return elem{int32(binary.NativeEndian.Uint32(m.bytes[m.base+s.off+s.k.d0:])),
		int32(binary.NativeEndian.Uint32(m.bytes[m.base+s.off+s.k.d1:]))}
}

// clone copies m, to become what is expected of it.
func (m *memory) clone() *memory {
	return &memory{bytes: append([]byte(nil), m.bytes...), base: m.base, spots: m.spots}
}

// differs describes the first difference, "" if there is none.
func (m *memory) differs(want *memory) string {
	if m == nil || string(m.bytes) == string(want.bytes) {
		return ""
	}
	for i := range m.spots {
		if m.get(i) != want.get(i) {
			return fmt.Sprintf("element %d is %v instead of %v", i, m.get(i), want.get(i))
		}
	}
	for i := range m.bytes {
		if m.bytes[i] != want.bytes[i] {
			return fmt.Sprintf("the byte %d from the address, of no element, was changed", int64(i)-m.base)
		}
	}
	return ""
}
