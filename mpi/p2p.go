package mpi

import (
	"unsafe"
)

// A Buffer is user memory in an MPI call: Count elements of Type at Addr.
// Slice makes one of a Go slice.
type Buffer struct {
	Addr  unsafe.Pointer
	Count int
	Type  *Datatype
}

// Slice is a buffer of all elements of s. T is a scalar, or an array or struct
// of scalars (see DatatypeOf).
func Slice[T any](s []T) Buffer {
	return Buffer{Addr: unsafe.Pointer(unsafe.SliceData(s)), Count: len(s), Type: DatatypeOf[T]()}
}

// InPlace is the buffer argument that says: my contribution is in the receive
// buffer (MPI_IN_PLACE).
var InPlace = Buffer{Addr: unsafe.Pointer(&inPlace)}

var inPlace byte

// IsInPlace reports whether b is InPlace.
func (b Buffer) IsInPlace() bool { return b.Addr == unsafe.Pointer(&inPlace) }

// A Mode is when a send completes (MPI 5.0 section 3.4).
type Mode uint8

const (
	Standard    Mode = iota // when the buffer can be used again
	Synchronous             // not before the receive was matched
	Ready                   // as Standard; the receive is already posted, says the caller
	Buffered                // at once; the message is copied to the attached buffer
)

func (b Buffer) check() *Error {
	if b.Count < 0 {
		return errorf(ErrCount, "count is %d; it must not be negative", b.Count)
	}
	if err := b.Type.checkCommitted(); err != nil {
		return err
	}
	if b.Addr == nil && b.Count > 0 && b.Type.Predefined() {
		return errorf(ErrBuffer, "the buffer is a null pointer, and the count is %d", b.Count)
	}
	return nil
}

func (c *Comm) checkTag(tag int) *Error {
	if tag < 0 || tag > TagUB {
		return errorf(ErrTag, "tag is %d; it must be in 0 to %d", tag, TagUB)
	}
	return nil
}

func (c *Comm) checkPeer(rank int, what string, any bool) *Error {
	if n := c.peers(); rank >= n || rank < 0 && rank != ProcNull && !(any && rank == AnySource) {
		return errorf(ErrRank, "%s is rank %d; the communicator has ranks 0 to %d", what, rank, n-1)
	}
	return nil
}

func (c *Comm) checkSend(b Buffer, dest, tag int) error {
	if err := c.checkOpen(); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	if err := c.checkPeer(dest, "the destination", false); err != nil {
		return err
	}
	if err := c.checkTag(tag); err != nil {
		return err
	}
	return nil
}

// checkOpen is check for what communicates.
func (c *Comm) checkOpen() error {
	if c == nil || c.freed {
		return errorf(ErrComm, "the communicator is null or was freed")
	}
	if c.revoked.Load() {
		return errRevoked()
	}
	return nil
}

func (c *Comm) checkRecv(b Buffer, source, tag int) error {
	if err := c.checkOpen(); err != nil {
		return err
	}
	if err := b.check(); err != nil {
		return err
	}
	return c.checkProbe(source, tag)
}

func (c *Comm) checkProbe(source, tag int) error {
	if err := c.checkOpen(); err != nil {
		return err
	}
	if err := c.checkPeer(source, "the source", true); err != nil {
		return err
	}
	if tag == AnyTag {
		return nil
	}
	if err := c.checkTag(tag); err != nil {
		return err
	}
	return nil
}

// IsendMode begins a send in the given mode. The buffer is the engine's until
// the request ends.
func (c *Comm) IsendMode(mode Mode, b Buffer, dest, tag int) (*Request, error) {
	if err := c.checkSend(b, dest, tag); err != nil {
		return nil, err
	}
	if mode == Buffered {
		return c.startBuffered(b, dest, tag)
	}
	c.e.mu.Lock()
	r := c.e.newRequest(sendRequest)
	r.bind(c, b)
	c.e.startSend(r, mode, dest, tag, c.ctx)
	c.e.mu.Unlock()
	return r, nil
}

// Irecv begins a receive. The buffer is the engine's until the request ends.
func (c *Comm) Irecv(b Buffer, source, tag int) (*Request, error) {
	return c.irecv(b, source, tag, false)
}

// BlockingRecv begins the receive of a blocking call, for language bindings, which wait
// in their own language. It differs in what happens after a failure: it never stalls.
func (c *Comm) BlockingRecv(b Buffer, source, tag int) (*Request, error) {
	return c.irecv(b, source, tag, true)
}

func (c *Comm) irecv(b Buffer, source, tag int, blocking bool) (*Request, error) {
	if err := c.checkRecv(b, source, tag); err != nil {
		return nil, err
	}
	c.e.mu.Lock()
	r := c.e.newRequest(recvRequest)
	r.bind(c, b)
	r.blocking = blocking
	c.e.startRecv(r, source, tag, c.ctx)
	c.e.mu.Unlock()
	return r, nil
}

func (r *Request) bind(c *Comm, b Buffer) {
	r.comm, r.addr, r.count, r.t = c, b.Addr, int64(b.Count), b.Type.t
	r.size = r.count * r.t.Size()
}

// startSend sends r's buffer to rank dest of r.comm. mu is held.
func (e *engine) startSend(r *Request, mode Mode, dest, tag int, ctx contextID) {
	if e.endedBefore(r) {
		return
	}
	if dest == ProcNull {
		e.complete(r, nil)
		return
	}
	e.startSendTo(r, mode, r.comm.proc(dest), r.comm.rank, tag, ctx)
}

// endedBefore ends a request whose communicator was revoked after the call had looked, and before it had the
// lock: who revokes has not met it. mu is held.
func (e *engine) endedBefore(r *Request) bool {
	if r.comm == nil || !r.comm.revoked.Load() {
		return false
	}
	e.complete(r, errRevoked())
	return true
}

// startSendTo sends r's buffer to process p, as rank source.
func (e *engine) startSendTo(r *Request, mode Mode, p *proc, source, tag int, ctx contextID) {
	r.to = p
	e.traffic.sent++
	e.traffic.sentBytes += uint64(r.size)
	r.head = header{kind: kindEager, ctx: ctx, src: int32(source), tag: int32(tag), size: uint64(r.size)}
	switch r.kind {
	case stepRequest:
		r.head.sign = r.run.Sign()
	case sendRequest:
		e.numbered++
		r.head.id = e.numbered
	}
	if p.index == e.rank {
		e.sendSelf(r, mode)
		return
	}
	if p.failed {
		e.complete(r, r.comm.failedError(p))
		return
	}
	limit := e.options.eagerLocal
	if p.peer != nil {
		limit = e.options.eagerRail
	}
	switch {
	case r.size > limit || p.choked:
		r.id = e.requests.add(r)
		r.head.kind, r.head.id = kindRTS, r.id
		r.long = true
		p.sends++
		e.traffic.rendezvous++
	case mode == Synchronous:
		r.id = e.requests.add(r)
		r.head.sync, r.head.id = true, r.id
	}
	e.post(p, r)
}

// left tells that r's first packet is on its way: a plain eager message is
// complete then, every other one waits for an answer.
func (e *engine) left(r *Request) {
	switch r.head.kind {
	case kindEager:
		if !r.head.sync {
			e.complete(r, nil)
		}
	case kindPut, kindAcc, kindData, kindType:
		e.complete(r, nil)
	}
}

// startRecv posts r, or gives it the earliest message that fits. mu is held.
func (e *engine) startRecv(r *Request, source, tag int, ctx contextID) {
	if e.endedBefore(r) {
		return
	}
	if source == ProcNull {
		r.status = Status{Source: ProcNull, Tag: AnyTag}
		e.complete(r, nil)
		return
	}
	e.startRecvFrom(r, source, tag, ctx, r.comm.peers())
}

// startRecvFrom posts r in a context that has so many sources.
func (e *engine) startRecvFrom(r *Request, source, tag int, ctx contextID, sources int) {
	s := e.space(ctx, sources)
	if a := s.Find(int32(source), int32(tag)); a != nil {
		s.Take(a)
		e.acceptMessage(r, a.Value)
		return
	}
	if len(e.failed) > 0 {
		if err := e.hopeless(r, source); err != nil {
			e.complete(r, err)
			return
		}
	}
	r.recv.Source, r.recv.Tag, r.recv.Value = int32(source), int32(tag), r
	s.Post(&r.recv)
	if e.net != nil && r.size > e.options.eagerRail && !r.blocking {
		e.hurry() // its sender's envelope may come while the program computes
	}
	if len(e.failed) > 0 {
		e.postedLate(s, r, source)
	}
}

func (e *engine) acceptMessage(r *Request, m *message) {
	if m.head.kind == kindRTS && m.from.peer != nil && !r.blocking {
		e.hurry() // its data will
	}
	e.accept(r, m.from, m.head, m.data, m.self)
	e.drop(m)
}

// sendGranted moves a rendezvous message after the receiver's cts, inside a host from off on. mu is held.
func (e *engine) sendGranted(p *proc, r *Request, token uint64, off int64) {
	r.head = header{kind: kindData, id: token}
	if p.peer != nil {
		e.net.sendBulk(p, r, token)
		return
	}
	p.streams.push(&packet{request: r, off: off})
	e.mem.push(e, p)
}

// sendSelf delivers to this very process. A standard send of what would be
// eager is copied, so that a send to oneself before its receive returns.
func (e *engine) sendSelf(r *Request, mode Mode) {
	s := e.space(r.head.ctx, int(r.head.src)+1)
	if recv := s.Match(r.head.src, r.head.tag); recv != nil {
		e.accept(recv.Value, r.to, r.head, nil, r)
		return
	}
	m := e.newMessage()
	m.head, m.from = r.head, r.to
	m.data = m.data[:0]
	m.node.Source, m.node.Tag, m.node.Value = r.head.src, r.head.tag, m
	if mode != Synchronous && r.size <= e.options.eagerRail {
		m.data = grow(m.data, int(r.size))
		r.ReadAt(m.data, 0)
		s.Arrive(&m.node)
		e.hold(m.from, r.size)
		e.complete(r, nil)
	} else {
		m.self = r
		s.Arrive(&m.node)
	}
	e.wait.changed()
}

// grow returns b with length n, of new memory if it must be.
func grow(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}
