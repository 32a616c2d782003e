package view

import (
	"fmt"

	"rainmpi/mpi/internal/dtype"
)

// Sizes is a data representation, as far as it is about room: how many bytes of the file each basic
// type takes.
type Sizes func(b dtype.Basic) int64

// Native is the representation in memory.
func Native(b dtype.Basic) int64 { return b.Size() }

// Size is the number of bytes that the data of an element of t takes in the file.
func (s Sizes) Size(t *dtype.Type) (n int64) {
	t.Basics(func(b dtype.Basic, count int64) { n += count * s(b) })
	return n
}

// same reports whether all of t is as large in the file as in memory.
func (s Sizes) same(t *dtype.Type) bool {
	same := true
	t.Basics(func(b dtype.Basic, _ int64) { same = same && s(b) == b.Size() })
	return same
}

// Items is the number of whole basic elements in the first n bytes of an array of t as it is in the
// file, and how many bytes they take in memory.
func (s Sizes) Items(t *dtype.Type, n int64) (items, bytes int64) {
	size := s.Size(t)
	if size == 0 {
		return 0, 0
	}
	each, _ := t.Elements(t.Size())
	items, bytes = n/size*each, n/size*t.Size()
	n %= size
	t.Basics(func(b dtype.Basic, count int64) {
		if k := s(b); n > 0 && k > 0 {
			whole := min(n/k, count)
			items, bytes = items+whole, bytes+whole*b.Size()
			if n -= whole * k; whole < count {
				n = 0
			}
		}
	})
	return items, bytes
}

// Layout returns t as it lies in a file: basic types have other sizes, and what is counted in their
// extents moves with them. Displacements that the program gave in bytes stay as they are: "the extents
// of the data types in the file data representation" are the program's business there (section
// 14.5.1).
func (s Sizes) Layout(t *dtype.Type) (*dtype.Type, error) {
	if s.same(t) {
		return t, nil
	}
	c := t.Contents()
	if c.Combiner == dtype.CombinerNamed || len(c.Types) == 0 { // of Fortran's parametrised types as well
		return dtype.Contiguous(s.Size(t), dtype.Byte.Type())
	}
	types := make([]*dtype.Type, len(c.Types))
	for i, old := range c.Types {
		var err error
		if types[i], err = s.Layout(old); err != nil {
			return nil, err
		}
	}
	return rebuild(arguments(c), types)
}

// arguments are those of the call in the order of the plain constructors, in one list.
func arguments(c *dtype.Contents) *dtype.Contents {
	plain := dtype.Contents{Combiner: c.Combiner}
	switch {
	case c.Counts == nil:
		plain.Integers = append(append(plain.Integers, c.Integers...), c.Addresses...)
	case c.Combiner == dtype.CombinerSubarray:
		plain.Integers = append(append(append(plain.Integers, c.Integers[0]), c.Counts...), c.Integers[1])
	case c.Combiner == dtype.CombinerDarray:
		plain.Integers = append(append(append(plain.Integers, c.Integers[:3]...), c.Counts...), c.Integers[3:]...)
	default:
		plain.Integers = c.Counts
	}
	return &plain
}

// rebuild makes the call again with other types.
func rebuild(c *dtype.Contents, types []*dtype.Type) (*dtype.Type, error) {
	a, old := c.Integers, types[0]
	// cut takes the next n arguments.
	cut := func(n int64) []int64 {
		first := a[:n]
		a = a[n:]
		return first
	}
	switch c.Combiner {
	case dtype.CombinerDup:
		return old, nil
	case dtype.CombinerContiguous:
		return dtype.Contiguous(a[0], old)
	case dtype.CombinerVector:
		return dtype.Vector(a[0], a[1], a[2], old)
	case dtype.CombinerHvector:
		return dtype.Hvector(a[0], a[1], a[2], old)
	case dtype.CombinerResized:
		return dtype.Resized(old, a[0], a[1])
	case dtype.CombinerIndexedBlock:
		return dtype.IndexedBlock(a[1], a[2:], old)
	case dtype.CombinerHindexedBlock:
		return dtype.HindexedBlock(a[1], a[2:], old)
	}
	n := cut(1)[0]
	switch c.Combiner {
	case dtype.CombinerIndexed:
		return dtype.Indexed(cut(n), cut(n), old)
	case dtype.CombinerHindexed:
		return dtype.Hindexed(cut(n), cut(n), old)
	case dtype.CombinerStruct:
		return dtype.Struct(cut(n), cut(n), types)
	case dtype.CombinerSubarray:
		return dtype.Subarray(cut(n), cut(n), cut(n), dtype.Order(cut(1)[0]), old)
	case dtype.CombinerDarray:
		size, rank, dims := n, cut(1)[0], cut(1)[0]
		sizes := cut(dims)
		var distribs []dtype.Distribution
		for _, d := range cut(dims) {
			distribs = append(distribs, dtype.Distribution(d))
		}
		return dtype.Darray(size, rank, sizes, distribs, cut(dims), cut(dims), dtype.Order(cut(1)[0]), old)
	}
	return nil, fmt.Errorf("a datatype of combiner %d has no layout in a file of this representation", c.Combiner)
}
