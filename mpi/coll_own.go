package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/coll"
)

// What the two buffers of one rank must be to each other in a collective.

// A half is one of them: count elements, or a block per rank.
type half struct {
	addr           unsafe.Pointer
	layout         coll.Layout
	count          int64 // of a block
	blocks         int64
	counts, displs []int64       // nil: all blocks are alike, and one after the other
	layouts        []coll.Layout // of alltoallw's blocks; displs are in bytes then
}

// bytes is the length of block i.
func (h *half) bytes(i int) int64 {
	switch {
	case h.counts == nil:
		return h.count * h.layout.Size
	case h.layouts != nil:
		return h.counts[i] * h.layouts[i].Size
	}
	return h.counts[i] * h.layout.Size
}

// span is the memory of block i, or of all blocks where they are alike. It is empty for types with
// gaps, which may lie within each other.
func (h *half) span(i int) (from, to uintptr) {
	l, at, n := h.layout, int64(0), h.count*h.blocks
	switch {
	case h.layouts != nil:
		l, at, n = h.layouts[i], h.displs[i], h.counts[i]
	case h.counts != nil:
		at, n = h.displs[i]*h.layout.Extent, h.counts[i]
	}
	from = uintptr(h.addr) + uintptr(at)
	if !l.Contig {
		return from, from
	}
	return from, from + uintptr(n*l.Size)
}

// overlap reports whether blocks of the same rank, or of one block and any other, share memory.
func overlap(a, b *half) bool {
	n := max(len(a.counts), len(b.counts), 1)
	for i := range n {
		if a.counts != nil && i >= len(a.counts) || b.counts != nil && i >= len(b.counts) {
			break
		}
		aFrom, aTo := a.span(i)
		bFrom, bTo := b.span(i)
		if aFrom < bTo && bFrom < aTo && aFrom < aTo && bFrom < bTo {
			return true
		}
	}
	return false
}

// own checks what this rank gives against where it gets. It is the last check of a call.
func (p *collPlan) own() {
	k := &p.call
	if p.err != nil || k.shape.InPlace || k.args.Send == nil || k.args.Recv == nil {
		return
	}
	send := half{addr: k.args.Send, layout: k.shape.Send, count: k.shape.SendCount, blocks: 1}
	recv := half{addr: k.args.Recv, layout: k.shape.Recv, count: k.shape.RecvCount, blocks: 1}
	if v := k.vectors; v != nil {
		send.counts, send.displs, send.layouts = v.SendCounts, v.SendDispls, v.SendTypes
		recv.counts, recv.displs, recv.layouts = v.RecvCounts, v.RecvDispls, v.RecvTypes
	}
	n := int64(p.c.peers())
	switch k.shape.Coll {
	case coll.Gather, coll.Allgather:
		recv.blocks = n
	case coll.Scatter:
		send.blocks = n
	case coll.Alltoall:
		send.blocks, recv.blocks = n, n
	case coll.Gatherv, coll.Scatterv, coll.Allgatherv, coll.Alltoallv, coll.Alltoallw:
	default: // reductions look themselves, and neighbours are not ranks
		return
	}
	// "The 'in place' option ... is specified by MPI_IN_PLACE"; otherwise aliasing is an error (section 6.1).
	if overlap(&send, &recv) {
		p.fail(ErrBuffer, "the send and the receive buffer of %v share memory; use MPI_IN_PLACE or separate buffers", k.shape.Coll)
		return
	}
	if p.c.Inter() {
		return
	}
	if given, room := send.bytes(p.c.rank), recv.bytes(p.c.rank); given > room {
		k.wrong = errorf(ErrTruncate, "rank %d gives itself %d bytes, and has room for %d", p.c.rank, given, room)
	} else if given < room {
		k.wrong = errorf(ErrNotSame, "rank %d gives itself %d bytes, and its receive counts and types say %d", p.c.rank, given, room)
	}
}
