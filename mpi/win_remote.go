package mpi

import (
	"encoding/binary"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
)

// An access says where in a window an operation goes, and what it does there.
type access struct {
	disp  int64       // bytes from the window's base; of a dynamic window, the address
	count int64       // elements of t
	t     uint32      // the target's datatype: a Basic, or typeSlot + the number of a slot
	op    redop.Op    // of acc and fetch
	basic dtype.Basic // of swap
}

// accessSize is the length of an encoded access in bytes.
const accessSize = 24

func (a *access) encode(b []byte) {
	_ = b[accessSize-1]
	binary.LittleEndian.PutUint64(b, uint64(a.disp))
	binary.LittleEndian.PutUint64(b[8:], uint64(a.count))
	binary.LittleEndian.PutUint64(b[16:], uint64(a.t)|uint64(a.op)<<32|uint64(a.basic)<<40)
}

func decodeAccess(b []byte) access {
	v := binary.LittleEndian.Uint64(b[16:])
	return access{
		disp:  int64(binary.LittleEndian.Uint64(b)),
		count: int64(binary.LittleEndian.Uint64(b[8:])),
		t:     uint32(v),
		op:    redop.Op(v >> 32),
		basic: dtype.Basic(v >> 40),
	}
}

// accesses reports whether an access stands behind the header.
func (k packetKind) accesses() bool { return k >= kindPut && k <= kindSwap }

// A vec is typed memory: count elements of t at addr.
type vec struct {
	addr  unsafe.Pointer
	count int64
	t     *dtype.Type
}

func (b Buffer) vec() vec { return vec{b.Addr, int64(b.Count), b.Type.t} }

func (v vec) size() int64 { return v.count * v.t.Size() }

// bytes is the memory itself, if it is in one piece and in order.
func (v vec) bytes() ([]byte, bool) {
	disp, ok := v.t.Run(v.count)
	if !ok {
		return nil, false
	}
	return bytesAt(unsafe.Add(v.addr, disp), v.size()), true
}

// A remote is what a request has beside its buffer when it is part of a one-
// sided operation that goes through the target's engine.
type remote struct {
	target *target // at the origin; nil at the target
	lender *Win    // at the target, of a get: whose memory the request reads
	at     access
	origin vec    // what goes out, where the request's own buffer is for what comes back
	own    []byte // what goes out, if it is nobody's
	kept   []byte // memory for own
	next   *remote
}

// newRMA makes a request of a one-sided operation. mu is held.
func (e *engine) newRMA(v vec) *Request {
	r := e.newRequest(rmaRequest)
	r.addr, r.count, r.t, r.size = v.addr, v.count, v.t, v.size()
	if r.rma = e.freeRMA; r.rma != nil {
		e.freeRMA, r.rma.next = r.rma.next, nil
	} else {
		r.rma = &remote{}
	}
	return r
}

func (e *engine) freeRemote(o *remote) {
	if cap(o.kept) > 64<<10 {
		o.kept = nil
	}
	*o = remote{kept: o.kept, next: e.freeRMA}
	e.freeRMA = o
}

// hold makes n bytes that go out with the request.
func (o *remote) hold(n int) []byte {
	o.kept = grow(o.kept, n)
	o.own = o.kept
	return o.own
}

// ended counts an operation of this process that is over.
func (o *remote) ended(err error) {
	if t := o.target; t != nil {
		t.pending--
		t.win.pending--
		if err != nil && t.err == nil {
			t.err = err
		}
		t.win.e.wait.changed()
	}
	if o.lender != nil {
		o.lender.e.wait.changed() // for reclaim
	}
}

// load is which bytes of a request's data go out with a packet; r may be nil.
func (r *Request) load(h *header) (off, n int64) {
	switch {
	case r == nil:
	case r.rma != nil && r.rma.own != nil:
		n = int64(len(r.rma.own))
	case h.kind == kindEager:
		n = int64(h.size)
	case h.kind == kindFetch && r.rma.at.op == redop.NoOp: // nothing is needed there
	case h.kind == kindPut, h.kind == kindAcc, h.kind == kindFetch, h.kind == kindData:
		off, n = int64(h.size), int64(h.tag)
	}
	return off, n
}

// plain reports whether what goes out is the request's buffer.
func (r *Request) plain() bool { return r.rma == nil || r.rma.own == nil && r.rma.origin.t == nil }

// out copies what goes out from off on.
func (r *Request) out(p []byte, off int64) {
	switch o := r.rma; {
	case r.plain():
		r.ReadAt(p, off)
	case o.own != nil:
		copy(p, o.own)
	default:
		o.origin.t.Pack(p, o.origin.addr, o.origin.count, off)
	}
}

// more makes h the header of the next packet of a request that takes several,
// false if it was the last.
func (r *Request) more(h *header) bool {
	if h.kind != kindPut && h.kind != kindAcc && h.kind != kindFetch {
		return false
	}
	off := int64(h.size) + int64(h.tag)
	left := r.size - off
	if left <= 0 {
		return false
	}
	h.size, h.tag = uint64(off), int32(min(left, int64(r.head.tag)))
	return true
}

// inline is how many bytes of one-sided data one packet to p takes.
func (e *engine) inline(p *proc) int64 {
	if p.peer != nil {
		return e.options.eagerRail
	}
	return int64(e.mem.chunk) - accessSize
}

// wholes is inline in whole elements of a basic type.
func (e *engine) wholes(p *proc, b dtype.Basic) int64 {
	n := e.inline(p)
	return n - n%b.Size()
}

func faultOf(h header) error {
	switch Class(h.tag) {
	case ErrProcFailed:
		return errorf(ErrProcFailed, "the sender has given this up, because a process has failed")
	case ErrNotSame:
		return errorf(ErrNotSame, "the sender has given this collective up, because the ranks' calls do not fit together")
	}
	return errorf(Class(h.tag), "the access failed at the target")
}

// send starts a one-sided operation on its way to t. mu is held.
func (t *target) send(r *Request, k packetKind, tt *dtype.Type) {
	w := t.win
	e := w.e
	r.rma.at.t = e.typeOf(t.p, tt)
	r.rma.target = t
	r.to = t.p
	r.head.kind, r.head.sync, r.head.sign, r.head.ctx, r.head.src, r.head.id = k, false, 0, w.comm.ctx, int32(w.comm.rank), 0
	t.pending++
	w.pending++
	w.table.busy.Store(1)
	switch k {
	case kindPut, kindAcc:
		t.soil()
	default:
		r.id = e.requests.add(r)
		r.head.id = r.id
	}
	if k == kindGet && t.p.peer != nil && r.size > e.options.eagerRail {
		t.p.peer.Expect(r.id, r.size, r)
	}
	r.total = r.size
	e.post(t.p, r)
}

// soil notes that t has been sent something that it does not answer.
func (t *target) soil() {
	if !t.dirty {
		t.dirty = true
		t.win.dirty = append(t.win.dirty, t)
	}
}
