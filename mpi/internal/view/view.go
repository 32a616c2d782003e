// Package view is the arithmetic of MPI files: which bytes of a file the data of a view are
// (MPI 5.0 section 14.3), and who moves which part of a file in a collective access.
//
// A view is a displacement and a filetype that repeats from there on. The data of a view is the stream
// of the bytes that the filetypes hold, in their order; positions in the stream are called offsets
// here, and count bytes. Positions in the file are absolute.
//
//	file   |..disp..|dd..d|dd..d|dd..d|      d: data of a filetype, .: not seen through the view
//	stream           01  2 34  5 67  8
//
// The package is pure: it touches neither files nor memory.
package view

import (
	"errors"
	"fmt"
	"math"
	"sort"

	"rainmpi/mpi/internal/dtype"
)

// A View does not change after it was made.
type View struct {
	disp     int64
	filetype *dtype.Type // as it lies in the file
	unit     int64       // bytes of data in an etype
	rises    bool        // positions rise with offsets inside of a filetype: no byte is seen twice
	tiled    bool        // also from one filetype to the next
}

// Bytes is the view of a newly opened file: all of it, byte by byte.
var Bytes = &View{filetype: dtype.Byte.Type(), unit: 1, rises: true, tiled: true}

// New makes a view of the file from byte disp on. "The displacements of the filetype must be
// non-negative and monotonically nondecreasing", and it is made of whole etypes (section 14.1.1); a
// file that is written may not be seen twice. Nothing is said of how a filetype follows another:
// programs that use one make some that would overlap the next.
func New(disp int64, etype, filetype *dtype.Type, writing bool) (*View, error) {
	if etype.Size() <= 0 {
		return nil, errors.New("the etype has no data")
	}
	if filetype.Size()%etype.Size() != 0 {
		return nil, fmt.Errorf("the filetype has %d bytes of data, which are no whole number of etypes of %d", filetype.Size(), etype.Size())
	}
	if filetype.Size() > 0 && filetype.TrueLB() < 0 {
		return nil, fmt.Errorf("the filetype has data at displacement %d, and may have none below 0", filetype.TrueLB())
	}
	ascending, rises := filetype.Order(1)
	_, tiled := filetype.Order(2)
	switch {
	case !ascending:
		return nil, errors.New("the displacements of the filetype decrease")
	case !rises && writing:
		return nil, errors.New("the filetype overlaps itself, and the file was opened for writing")
	}
	return &View{disp, filetype, etype.Size(), rises, tiled}, nil
}

// Unit is the number of bytes in an etype.
func (v *View) Unit() int64 { return v.unit }

// Disp is where the view begins, in bytes.
func (v *View) Disp() int64 { return v.disp }

// Rises reports whether positions rise with offsets in the n bytes from offset off on: then no byte of
// the file is seen twice, and what lies in a part of the file is one piece of the data.
func (v *View) Rises(off, n int64) bool {
	if v.tiled || n <= 0 {
		return true
	}
	return v.rises && off/v.filetype.Size() == (off+n-1)/v.filetype.Size()
}

// Whole reports whether the view leaves out no byte from its beginning on.
func (v *View) Whole() bool { return v.filetype.Contiguous() && v.filetype.Size() > 0 }

// Empty reports whether the filetype has no data, so that nothing is seen.
func (v *View) Empty() bool { return v.filetype.Size() == 0 }

// Position is where in the file the byte at that offset is.
func (v *View) Position(off int64) int64 {
	if v.filetype.Size() == 0 {
		return v.disp
	}
	disp, _ := v.filetype.Locate(off)
	return v.disp + disp
}

// Runs calls yield with the runs of bytes of the file that hold n bytes of data from offset off on, in
// the order of the data; runs that touch are one. It stops where yield returns false.
func (v *View) Runs(off, n int64, yield func(pos, n int64) bool) {
	size := v.filetype.Size()
	if size == 0 || n <= 0 {
		return
	}
	// Only so many filetypes that their number of bytes is one.
	count := min((off+n)/size+1, math.MaxInt64/size)
	v.filetype.Runs(count, off, n, func(disp, n int64) bool { return yield(v.disp+disp, n) })
}

// Cut is how many of the n bytes from offset off on, in which positions rise, lie in the file before
// position pos.
func (v *View) Cut(off, n, pos int64) int64 {
	switch {
	case n <= 0 || pos <= v.disp || v.Empty():
		return 0
	case v.Whole():
		return min(max(pos-v.disp-off, 0), n)
	case v.tiled:
		return min(max(v.search(pos-v.disp, 1)-off, 0), n)
	}
	return int64(sort.Search(int(n), func(i int) bool { return v.Position(off+int64(i)) >= pos }))
}

// Etypes is the number of the first etype that begins at position pos or later: "the end of file is
// the offset of the first etype accessible in the current view starting after the last byte in the
// file" (section 14.1.1).
func (v *View) Etypes(pos int64) int64 {
	size, rel := v.filetype.Size(), pos-v.disp
	if size == 0 || rel <= 0 {
		return 0
	}
	return v.search(rel, v.unit)
}

// search finds the first of the pieces of unit bytes that the data consists of which begins rel or
// more bytes behind the view's beginning.
func (v *View) search(rel, unit int64) int64 {
	size, extent := v.filetype.Size(), v.filetype.Extent()
	per := size / unit
	tile := int64(0) // a filetype that begins before rel
	if rel > v.filetype.TrueUB() && extent > 0 {
		tile = (rel - v.filetype.TrueUB()) / extent
	}
	for tiles := int64(1); ; tiles *= 2 {
		n := tiles * per
		i := int64(sort.Search(int(n), func(i int) bool {
			disp, _ := v.filetype.Locate((tile*per + int64(i)) * unit)
			return disp >= rel
		}))
		if i < n || extent <= 0 {
			return tile*per + i
		}
	}
}
