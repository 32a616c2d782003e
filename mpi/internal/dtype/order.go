package dtype

// What file views need to know of a type: the order of its data in memory order, and its sequence of
// basic types (MPI 5.0 chapter 14).

// Basics calls yield with the runs of equal basic types of one element's signature. A pair type stands
// for its two members.
func (t *Type) Basics(yield func(b Basic, n int64)) {
	if t.sig != nil {
		t.sig.each(yield)
	}
}

// Order reports whether the runs of bytes of count elements of t, in stream order, begin at
// displacements that never decrease, and whether no two of them overlap.
func (t *Type) Order(count int64) (ascending, disjoint bool) {
	if t.size == 0 {
		return true, true
	}
	o := t.shape.n.order()
	o.repeat(count, t.Extent())
	return o.ascending, o.disjoint
}

// order is what node.order finds: of the runs of a node at displacement 0.
type order struct {
	last, end           int64 // where the last run begins and ends
	ascending, disjoint bool
}

// repeat makes o the order of count copies, stride bytes apart.
func (o *order) repeat(count, stride int64) {
	if count < 2 {
		return
	}
	o.ascending = o.ascending && stride >= o.last
	o.disjoint = o.disjoint && stride >= o.end
	o.last += (count - 1) * stride
	o.end += (count - 1) * stride
}

// then appends p at displacement disp.
func (o *order) then(disp int64, p order) {
	o.ascending = o.ascending && p.ascending && disp >= o.last
	o.disjoint = o.disjoint && p.disjoint && disp >= o.end
	o.last, o.end = disp+p.last, disp+p.end
}

func (k *node) order() order {
	switch k.kind {
	case kindRun:
		return order{end: k.size, ascending: true, disjoint: true}
	case kindLoop:
		o := k.kid.order()
		o.repeat(k.count, k.stride)
		return o
	}
	all := order{ascending: true, disjoint: true}
	var kid order
	if k.kind == kindBlocks {
		kid = k.kid.order()
	}
	for i := range k.disps {
		switch k.kind {
		case kindRuns:
			kid = order{end: k.starts[i+1] - k.starts[i], ascending: true, disjoint: true}
		case kindParts:
			kid = k.kids[i].order()
		}
		all.then(k.disps[i], kid)
	}
	return all
}

// ExternalSizeOf returns the size in bytes of b in external32.
func ExternalSizeOf(b Basic) int64 { return externalSize(b) }
