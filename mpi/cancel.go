package mpi

import "rainmpi/internal/boot"

// Cancel asks for a communication to end without a message (MPI 5.0 section 3.8.4).
// It ends either way, whatever other processes do; Status.Cancelled says which. A
// receive is cancelled that no message has been matched to, and a send that no receive
// has, also one that has ended as its message left.
func (r *Request) Cancel() error {
	if r == nil {
		return errorf(ErrRequest, "the request is null")
	}
	e := r.e
	e.mu.Lock()
	asleep := -1
	switch {
	case r.kind == collRequest || r.kind == partRequest:
		e.mu.Unlock()
		return errorf(ErrRequest, "collectives and partitioned communication cannot be cancelled")
	case r.inactive():
	case r.kind == sendRequest && r.to != nil && r.done.Load() == ended:
		asleep = e.recall(r)
	case r.done.Load() == ended:
	case r.kind == recvRequest && e.space(r.comm.ctx, 0).Cancel(&r.recv):
		e.cancelled(r)
	case r.kind == sendRequest && r.to != nil:
		asleep = e.cancelSend(r)
	}
	e.mu.Unlock()
	if asleep >= 0 {
		_ = e.boot.tell(boot.Message{Look: &boot.Look{Rank: asleep}})
	}
	return nil
}

func (e *engine) cancelled(r *Request) {
	r.status.cancelled = true
	e.complete(r, nil)
}

// cancelSend takes a message back: here, if it has not left, and else at its receiver,
// who says whether it has been matched by then. Who reads the data has matched it, so a
// cancelled send's buffer has no reader. The answer must not wait for the receiver to
// call MPI. Between hosts a background reader gives it; of a process of this host it
// returns the number, if it has to be asked to look.
func (e *engine) cancelSend(r *Request) (asleep int) {
	p := r.to
	switch {
	case p.index == e.rank:
		s := e.space(r.head.ctx, int(r.head.src)+1)
		for a := range s.Arrivals {
			if a.Value.self == r {
				s.Take(a)
				e.drop(a.Value)
				e.cancelled(r)
				break
			}
		}
	case p.queue.drop(r):
		p.gate()
		e.cancelled(r)
	case r.head.kind == kindRTS || r.head.kind == kindEager && r.head.sync:
		return e.askBack(p, header{kind: kindCancel, ctx: r.head.ctx, src: r.head.src, tag: r.head.tag, id: r.id})
	}
	return -1
}

// askBack sends a cancel, and returns what cancelSend does.
func (e *engine) askBack(p *proc, h header) (asleep int) {
	e.answer(p, h)
	if p.peer == nil && e.boot != nil {
		return int(p.id - e.self.base)
	}
	return -1
}

// recall takes back what a send has left behind that has ended, and nobody has looked at: the copy of
// a buffered send, which may wait, or a short message, which has a number for this. The send is under
// way again until that is decided.
func (e *engine) recall(r *Request) (asleep int) {
	p := r.to
	if r.err != nil || r.status.cancelled || p.failed {
		return -1
	}
	if s := r.room.waiting(r.head); s != nil {
		r.done.Store(underWayStill)
		before := s.then
		s.then = func(err error) {
			if before != nil {
				before(err)
			}
			r.status.cancelled = s.status.cancelled
			e.complete(r, nil)
		}
		return e.cancelSend(s)
	}
	if r.head.kind != kindEager || r.head.sync {
		return -1
	}
	if p.index == e.rank {
		r.status.cancelled = e.take(p, r.head, r.head.id)
		return -1
	}
	r.done.Store(underWayStill)
	r.id = e.requests.add(r)
	return e.askBack(p, header{kind: kindCancel, ctx: r.head.ctx, src: r.head.src, tag: r.head.tag, size: r.head.id, id: r.id})
}

// waiting is the request of the copy with that envelope, nil if it has left.
func (b *BsendBuffer) waiting(h header) *Request {
	if b == nil {
		return nil
	}
	for _, s := range b.pending {
		if s.r.done.Load() == underWayStill && s.r.head == h {
			return s.r
		}
	}
	return nil
}

// takeBack drops a message that its sender has cancelled, unless it was matched: then
// the sender hears of that, as it would have.
func (e *engine) takeBack(p *proc, h header) {
	switch {
	case e.take(p, h, h.size):
		e.answer(p, header{kind: kindCancelled, id: h.id})
	case h.size != 0:
		e.answer(p, header{kind: kindFin, id: h.id})
	}
}

// take drops p's message in the context of h that nobody has matched, and reports whether there is one: the
// plain eager one of that number, if it is not 0, else the one that h.id names.
func (e *engine) take(p *proc, h header, number uint64) bool {
	id := h.id
	if number != 0 {
		id = number
	}
	s := e.space(h.ctx, int(h.src)+1)
	for a := range s.Arrivals {
		m := a.Value
		plain := m.head.kind == kindEager && !m.head.sync
		if m.from == p && m.self == nil && plain == (number != 0) && m.head.id == id {
			s.Take(a)
			e.drop(m)
			return true
		}
	}
	return false
}
