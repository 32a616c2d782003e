package mpi

import (
	"fmt"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
)

// Ranks trust each other: what a packet says is believed, and a rank that lies can spoil all others. But memory that
// ranks share may have been overwritten, and a rank's own memory too. So a packet that no engine sends in the state that
// this one is in ends the process with a word about where it came from, before it reaches into memory. What comes
// too late, and names a request or a window that has ended, is no nonsense.

// must ends the process if a packet of p's is one that no engine sends.
func (p *proc) must(sent bool, h header) {
	if !sent {
		panic(fmt.Sprintf("mpi: process %d has sent what no engine sends (kind %d): somebody has overwritten its memory or what is shared with it",
			p.index, h.kind))
	}
}

// mayAnswer: p answers a send, or one-sided data, whose envelope it has.
func (p *proc) mayAnswer(r *Request, h header) {
	k := r.head.kind
	ok := r.to == p
	switch h.kind {
	case kindCTS:
		ok = ok && (k == kindRTS || k == kindPutRTS) && int64(h.tag)*fetchPiece <= r.size
	case kindShare:
		_, _, names := h.shared()
		ok = ok && (k == kindRTS || k == kindPutRTS) && p.out != nil && names
	case kindFin: // a message that was asked back may have no other answer
		ok = ok && (k == kindRTS || k == kindPutRTS || k == kindEager && !r.head.sync)
	case kindAck:
		ok = ok && k == kindEager && r.head.sync
	case kindCancelled:
		ok = ok && r.kind == sendRequest
	}
	p.must(ok, h)
}

// mayShare: p has written its part of a message that it was asked to help with.
func (p *proc) mayShare(h header) *share {
	cut, gen, ok := h.shared()
	p.must(ok, h)
	s := &p.shares[cut]
	p.must(s.r != nil && s.gen == gen && s.told < 0 && h.size <= uint64(s.n), h)
	return s
}

// mayBring: the data is the next of what was asked for.
func (p *proc) mayBring(r *Request, h header, data []byte) {
	asked := r.streamed > 0
	if r.rma != nil && r.rma.target != nil {
		k := r.head.kind
		asked = k == kindGet || k == kindFetch || k == kindSwap
	}
	p.must(asked && h.size == uint64(r.moved) && int64(len(data)) <= r.total-r.moved, h)
}

// maySynchronize: the sender is of the window, and asks for what there is, or answers what it was asked.
func (p *proc) maySynchronize(w *Win, h header) {
	ok := int(h.src) < len(w.peers)
	switch kind := h.tag; h.kind {
	case kindLock:
		ok = ok && (kind == LockExclusive || kind == LockShared)
	case kindUnlock:
		ok = ok && (kind == 0 || kind == LockExclusive || kind == LockShared)
	case kindFlushed:
		ok = ok && w.peers[h.src].flushed < h.id && h.id <= w.peers[h.src].sent
	}
	p.must(ok, h)
}

// farthest bounds what an access may span, in bytes: no memory is so large, and sums of two are numbers.
const farthest = 1 << sizeBits

// mayAccess: what the access says fits together. Whether it is inside the window is another question.
func (p *proc) mayAccess(w *Win, h header, a *access, t *dtype.Type, data []byte) {
	near := func(n int64) bool { return -farthest < n && n < farthest }
	p.must(int(h.src) < len(w.peers) && t != nil, h)
	p.must(near(a.disp) && near(t.Extent()) && near(t.Size()), h)
	p.must(a.count >= 0 && a.count <= farthest/max(t.Extent(), -t.Extent(), t.Size(), 1), h)
	lo, hi := t.Span(a.count)
	p.must(near(lo) && near(hi), h)
	size := a.count * t.Size()
	switch h.kind {
	case kindPut, kindAcc, kindFetch:
		p.must(h.size <= uint64(size) && int64(h.tag) <= size-int64(h.size), h)
	case kindPutRTS:
		p.must(h.size == uint64(size), h)
	}
	switch h.kind {
	case kindAcc, kindFetch:
		b, _ := t.Basic()
		p.must(h.tag > 0 && redop.Valid(a.op, b) && int64(h.size)%b.Size() == 0 && int64(h.tag)%b.Size() == 0, h)
		p.must(h.kind != kindFetch || len(data) > 0 == (a.op != redop.NoOp), h)
	case kindSwap:
		p.must(a.basic != dtype.None && t.Named() == a.basic && a.count == 1 && int64(len(data)) == 2*a.basic.Size(), h)
	}
	if h.kind == kindFetch && p.peer == nil {
		p.must(int64(h.tag) <= w.e.inline(p), h)
	}
}
