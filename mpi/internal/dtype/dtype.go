// Package dtype holds MPI datatypes: type maps, their bounds and signatures, and the copying of
// typed memory to and from packed byte streams (MPI 5.0 chapter 5).
//
// A Type keeps three views of itself, each as small as its regularity allows:
//
//   - a shape, where the bytes are: a tree of runs, strided loops and block lists, in which what
//     is adjacent has been joined and displacements stand as far out as possible;
//   - a sig, what the bytes are: the sequence of basic types, with a hash that can be compared;
//   - its contents, how the program made it, for MPI_Type_get_contents.
//
// A packed stream is the data of the type map in its order, without gaps. Any part of the stream
// can be packed or unpacked on its own: seeking costs a division per loop level and a binary
// search per block list.
//
// A Type never changes after it was made and may be shared freely. The package is pure: it
// touches only memory that it is handed.
package dtype

// Type is a datatype: a type map with its bounds. The zero Type is not valid.
type Type struct {
	shape shape
	meta
	named    Basic // the predefined type this is, None for derived types
	contents *Contents
}

// Size returns the number of data bytes in one element (MPI_Type_size).
func (t *Type) Size() int64 { return t.size }

// LB returns the lower bound in bytes (MPI_Type_get_extent).
func (t *Type) LB() int64 { return t.lb }

// UB returns the upper bound in bytes: LB plus Extent.
func (t *Type) UB() int64 { return t.ub }

// Extent returns the distance in bytes from one element of an array to the next.
func (t *Type) Extent() int64 { return t.ub - t.lb }

// TrueLB returns the lowest displacement of a data byte (MPI_Type_get_true_extent).
func (t *Type) TrueLB() int64 { return t.trueLB }

// TrueUB returns the displacement after the highest data byte.
func (t *Type) TrueUB() int64 { return t.trueUB }

// TrueExtent returns TrueUB minus TrueLB.
func (t *Type) TrueExtent() int64 { return t.trueUB - t.trueLB }

// Align returns the largest alignment among the basic types, 1 if there are none.
func (t *Type) Align() int64 { return max(t.align, 1) }

// Contiguous reports whether any number of elements is one run of bytes that starts at the
// address of the first.
func (t *Type) Contiguous() bool {
	if t.size == 0 {
		return true
	}
	return t.shape.disp == 0 && t.shape.n.kind == kindRun && t.Extent() == t.size
}

// Run reports whether count elements are one run of bytes in stream order, and at which
// displacement it begins. It is weaker than Contiguous: a single element may be a run though
// an array is not, and a run may begin away from the address.
func (t *Type) Run(count int64) (disp int64, ok bool) {
	if t.size == 0 || count == 0 {
		return 0, true
	}
	if t.shape.n.kind != kindRun || count > 1 && t.Extent() != t.size {
		return 0, false
	}
	return t.shape.disp, true
}

// Span returns the lowest displacement of a data byte of count elements and the displacement
// after the highest: the memory that a transfer of count elements may touch.
func (t *Type) Span(count int64) (lo, hi int64) {
	if t.size == 0 || count <= 0 {
		return 0, 0
	}
	last := (count - 1) * t.Extent()
	return t.trueLB + min(last, 0), t.trueUB + max(last, 0)
}

// Basic returns the basic type that all data of t has, and whether there is one. Pair types
// such as MPI_FLOAT_INT count as one basic type here: reductions treat them so.
func (t *Type) Basic() (Basic, bool) { return t.leaf, t.leaf != None }

// Named returns the predefined type that t is, None for a derived type.
func (t *Type) Named() Basic { return t.named }

// String returns the standard's name of a predefined type, a short description otherwise.
func (t *Type) String() string {
	if t.named != None {
		return t.named.String()
	}
	return "derived datatype"
}
