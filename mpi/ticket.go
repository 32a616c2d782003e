package mpi

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// A Ticket is a nonblocking call that a language binding does by itself: a send that
// has left, or a receive. It lies in the binding's memory; cbind has its twin
// (rain_ticket). tables.go says what it may do.
type Ticket struct {
	state       uint32
	next        uint32 // of those that wait
	source, tag int32
	bytes       int64
	failed      uint32
	cancelled   uint32
	detached    uint32 // nobody will look at it again
	_           uint32
	comm        *CommTable
	link        unsafe.Pointer
	buf         unsafe.Pointer
	n           int64   // bytes of the buffer
	_           uintptr // the binding's
}

// Tickets is how many there are. The first ones stand for what is done at once, and
// are never free.
const (
	Tickets         = 256
	constantTickets = 2
)

const (
	ticketFree uint32 = iota
	ticketDone
	ticketWaiting
	ticketPosted
)

// postTickets posts the receives that wait with the binding: from now on they are the
// engine's. mu is held.
func (e *engine) postTickets() {
	t := e.table
	i := t.first
	t.first, t.last = 0, 0
	for i != 0 {
		k := &t.Tickets[i]
		r := e.newRequest(recvRequest)
		r.comm, r.addr, r.count, r.t, r.size = e.shown[contextID(k.comm.eager>>(64-contextBits))], k.buf, k.n, dtype.Byte.Type(), k.n
		r.ticket = k
		e.posted[i] = r
		i = k.next
		atomic.StoreUint32(&k.state, ticketPosted)
		e.startRecvFrom(r, int(k.source), int(k.tag), r.comm.ctx, r.comm.peers())
	}
}

// endTicket tells the binding that a ticket's receive has ended. mu is held.
func (e *engine) endTicket(r *Request, err error) {
	k := r.ticket
	i := e.table.index(k)
	e.posted[i] = nil
	k.source, k.tag, k.bytes, k.cancelled, k.failed = int32(r.status.Source), int32(r.status.Tag), r.status.bytes, 0, 0
	if r.status.cancelled {
		k.cancelled = 1
	}
	if err != nil {
		k.failed, e.faults[i] = 1, err
	}
	e.recycle(r)
	if k.detached != 0 {
		atomic.StoreUint32(&k.state, ticketFree)
		return
	}
	atomic.StoreUint32(&k.state, ticketDone)
	e.wait.changed()
}

func (t *EngineTable) index(k *Ticket) int {
	return int((uintptr(unsafe.Pointer(k)) - uintptr(unsafe.Pointer(t.Tickets))) / unsafe.Sizeof(Ticket{}))
}

// Live reports whether the ticket is in use, Done whether its call has ended.
func (k *Ticket) Live() bool { return atomic.LoadUint32(&k.state) != ticketFree }
func (k *Ticket) Done() bool { return atomic.LoadUint32(&k.state) == ticketDone }

// Status is that of a ticket that is Done.
func (k *Ticket) Status() Status {
	return Status{Source: int(k.source), Tag: int(k.tag), bytes: k.bytes, cancelled: k.cancelled != 0}
}

// Finish gives a ticket that is Done back and returns its error.
func (k *Ticket) Finish() (err error) {
	e := life.current.Load()
	if i := e.table.index(k); i >= constantTickets {
		if k.failed != 0 {
			err, e.faults[i] = e.faults[i], nil
		}
		atomic.StoreUint32(&k.state, ticketFree)
	}
	return err
}

// Cancel is Request.Cancel, Free is Request.Free.
func (k *Ticket) Cancel() error {
	e := life.current.Load()
	e.mu.Lock() // if it waited it is posted now
	r := e.posted[e.table.index(k)]
	if r != nil && e.space(r.comm.ctx, 0).Cancel(&r.recv) {
		r.status.cancelled = true
		e.complete(r, nil)
	}
	e.mu.Unlock()
	return nil
}

func (k *Ticket) Free() {
	e := life.current.Load()
	e.mu.Lock()
	done := k.Done()
	if !done {
		k.detached = 1
	}
	e.mu.Unlock()
	if done {
		k.Finish()
	}
}
