package coll

import "rainmpi/mpi/internal/dtype"

// A Layout is what a schedule depends on of a datatype: two types of one layout
// can run the same schedule.
type Layout struct {
	Size           int64 // bytes of data in an element
	Extent         int64 // from one element to the next
	TrueLB, TrueUB int64 // the bytes an element touches, from its origin
	Contig         bool  // elements in a row are one run of bytes from the first one's origin
}

// bytesLayout is the layout of Bytes.
var bytesLayout = Layout{Size: 1, Extent: 1, TrueUB: 1, Contig: true}

// LayoutOf returns the layout of t.
func LayoutOf(t *dtype.Type) Layout {
	return Layout{Size: t.Size(), Extent: t.Extent(), TrueLB: t.TrueLB(), TrueUB: t.TrueUB(), Contig: t.Contiguous()}
}

// span returns the first byte and the byte after the last that n elements touch,
// from the origin of the first. An extent may be negative.
func (l Layout) span(n int64) (lo, hi int64) {
	if n <= 0 {
		return 0, 0
	}
	last := (n - 1) * l.Extent
	return min(0, last) + l.TrueLB, max(0, last) + l.TrueUB
}
