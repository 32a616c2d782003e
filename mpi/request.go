package mpi

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/match"
)

// A Request is a communication that has been started and may not have ended
// (MPI 5.0 section 3.7). It ends in Wait, in a Test that says so, or in one of
// the calls that do so for many; afterwards it may be dropped, or started
// again if it is persistent.
type Request struct {
	e    *engine
	comm *Comm

	done atomic.Uint32 // ended: status and err are final; read without the lock

	kind requestKind
	recv match.Recv[*Request] // a receive's place in its space

	// The user's buffer: count elements of t at addr, size bytes of data.
	// addr may be nil (MPI_BOTTOM) with absolute displacements in t. A part of a
	// buffer that is not contiguous starts after skip bytes of its data.
	addr  unsafe.Pointer
	count int64
	t     *dtype.Type
	size  int64
	skip  int64

	head header       // a send's envelope
	to   *proc        // a send's destination
	room *BsendBuffer // of a buffered send: where its copy waits, of which this has the envelope

	id       uint64 // in engine.requests, 0 if no peer may name it
	moved    int64  // rendezvous bytes that have left or come
	total    int64  // rendezvous bytes that will come
	streamed int64  // of these, the ones that come through a ring
	put, got int64  // ns that copying these into it and out of it has taken so far

	status Status
	err    error

	run     *coll.Run // the collective it is a step of, or that it stands for
	op      *Op       // of a reduction, on elements of that type
	element *Datatype
	rma     *remote  // of one-sided communication
	ticket  *Ticket  // of the binding's, which hears of its end; nil: none
	next    *Request // in the pool, or in a queue
	long    bool     // a send that proc.sends counts

	persistent *persistent // nil: may not be started again
	part       *partitioned
	active     bool        // a persistent request that was started and has not been waited for
	detached   bool        // nobody will look at it again: recycle it at its end
	blocking   bool        // a receive of a blocking call: it fails where others stall
	then       func(error) // called at its end, with mu held; nil: nothing
}

type requestKind uint8

const (
	sendRequest requestKind = iota + 1
	recvRequest
	collRequest
	partRequest // partitioned
	stepRequest // a send or receive of a collective; nobody waits for it
	rmaRequest  // one-sided, at the origin; at the target nobody waits for it
	fileRequest // an access to a file, which a worker ends
)

// A Status says what a receive got (MPI 5.0 section 3.2.5).
type Status struct {
	Source    int // rank in the communicator
	Tag       int
	Err       error // set by the calls that complete many
	bytes     int64
	cancelled bool
}

// emptyStatus is what the standard prescribes for null and inactive requests.
func emptyStatus() Status { return Status{Source: AnySource, Tag: AnyTag} }

// Bytes is the length of what was received.
func (s Status) Bytes() int64 { return s.bytes }

// Cancelled reports whether the request was cancelled (MPI_Test_cancelled).
func (s Status) Cancelled() bool { return s.cancelled }

// SetBytes and SetCancelled are for layered libraries and generalized
// requests (MPI_Status_set_elements, MPI_Status_set_cancelled).
func (s *Status) SetBytes(n int64)       { s.bytes = n }
func (s *Status) SetCancelled(flag bool) { s.cancelled = flag }

// Count is the number of elements of type t that were received, Undefined if
// the bytes are not a whole number of them (MPI_Get_count).
func (s Status) Count(t *Datatype) int {
	size := t.t.Size()
	switch {
	case size == 0 && s.bytes == 0:
		return 0
	case size == 0 || s.bytes%size != 0:
		return Undefined
	}
	return int(s.bytes / size)
}

// newRequest takes from the pool. mu is held.
func (e *engine) newRequest(kind requestKind) *Request {
	r := e.free
	if r == nil {
		r = &Request{e: e}
	} else {
		e.free = r.next
		r.next = nil
	}
	r.kind = kind
	r.status = emptyStatus()
	return r
}

// recycle gives a request back that nobody will look at again. mu is held.
func (e *engine) recycle(r *Request) {
	if r.id != 0 {
		e.requests.remove(r.id)
	}
	if r.part != nil {
		r.part.drop(e)
	}
	if r.rma != nil {
		e.freeRemote(r.rma)
		r.rma = nil
	}
	r.ticket, r.room = nil, nil
	r.comm, r.addr, r.t, r.to, r.err, r.run, r.persistent, r.then, r.part = nil, nil, nil, nil, nil, nil, nil, nil, nil
	r.id, r.size, r.count, r.moved, r.total, r.streamed, r.skip = 0, 0, 0, 0, 0, 0, 0
	r.active, r.detached, r.blocking = false, false, false
	r.done.Store(0)
	r.next = e.free
	e.free = r
}

// complete ends a request. A step of a collective tells its run and goes back
// to the pool; every other one waits to be looked at. mu is held.
func (e *engine) complete(r *Request, err error) {
	if r.id != 0 {
		e.requests.remove(r.id)
		r.id = 0
	}
	if r.long {
		r.long = false
		r.to.sends--
	}
	if r.kind == stepRequest {
		run := r.run
		e.recycle(r)
		run.Completed(err)
		e.advanced(run)
		return
	}
	if r.ticket != nil {
		e.endTicket(r, err)
		return
	}
	if r.then != nil {
		r.then(err)
	}
	if r.rma != nil {
		r.rma.ended(err)
	}
	if r.detached {
		e.recycle(r)
		return
	}
	r.err = err
	r.done.Store(ended)
	e.wait.changed()
}

// torn reports whether a message of n bytes ends inside an element of the receive's datatype, which no
// message can whose type signature matches (MPI 5.0 section 3.3.1). Contiguous memory takes any bytes:
// programs send MPI_BYTE to it that they should not, and it works everywhere.
func (r *Request) torn(n int64) bool {
	if r.t.Contiguous() {
		return false
	}
	_, whole := r.t.Elements(n)
	return !whole
}

// ReadAt implements rainnet's source of bulk data: bytes of the packed
// message from off on.
func (r *Request) ReadAt(p []byte, off int64) {
	if r.t.Contiguous() {
		dtype.Move(p, bytesAt(unsafe.Add(r.addr, off), int64(len(p))))
		return
	}
	r.t.Pack(p, r.addr, r.count, r.skip+off)
}

// own makes a copy of what is sent to another host out of the program's memory, which a flush of a buffer and a buffered
// send are not. Rails read a message until they know that it has arrived, and its sender may know
// earlier: "an active send request could be freed when the logic of the program is such that the receiver sends a
// reply to the message sent" (section 3.7.3). mu is held.
func (r *Request) own() {
	if r.kind != sendRequest || r.t == nil || r.to.peer == nil || r.size == 0 {
		return
	}
	data := make([]byte, r.size)
	r.ReadAt(data, 0)
	r.addr, r.count, r.t, r.skip = unsafe.Pointer(&data[0]), r.size, dtype.Byte.Type(), 0
}

// Bytes implements rainnet's memory: the bytes from off on where they lie, if they lie together.
func (r *Request) Bytes(off, n int64) []byte {
	if !r.t.Contiguous() {
		return nil
	}
	return bytesAt(unsafe.Add(r.addr, off), n)
}

// WriteAt implements rainnet's sink: it places bytes of the packed message.
// What is beyond the buffer is dropped; the receive ends with ErrTruncate.
func (r *Request) WriteAt(p []byte, off int64) {
	if off+int64(len(p)) > r.size {
		if off >= r.size {
			return
		}
		p = p[:r.size-off]
	}
	if len(p) == 0 {
		return
	}
	if r.t.Contiguous() {
		dtype.Move(bytesAt(unsafe.Add(r.addr, off), int64(len(p))), p)
		return
	}
	r.t.Unpack(r.addr, r.count, r.skip+off, p)
}

func bytesAt(p unsafe.Pointer, n int64) []byte { return unsafe.Slice((*byte)(p), n) }
