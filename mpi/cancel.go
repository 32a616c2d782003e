package mpi

import "rainmpi/internal/boot"

// Cancel asks for a communication to end without a message (MPI 5.0 section 3.8.4).
// It ends either way, whatever other processes do; Status.Cancelled says which. A
// receive is cancelled that no message has been matched to, and a send that no receive
// has. What was sent at once, being short, has ended before and stays sent.
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
	case r.inactive() || r.done.Load() == ended:
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
		e.answer(p, header{kind: kindCancel, ctx: r.head.ctx, src: r.head.src, tag: r.head.tag, id: r.id})
		if p.peer == nil && e.boot != nil {
			return int(p.id - e.self.base)
		}
	}
	return -1
}

// takeBack drops a message that its sender has cancelled, unless it was matched: then
// the sender hears of that, as it would have.
func (e *engine) takeBack(p *proc, h header) {
	s := e.space(h.ctx, int(h.src)+1)
	for a := range s.Arrivals {
		if m := a.Value; m.from == p && m.head.id == h.id && (m.head.kind == kindRTS || m.head.sync) {
			s.Take(a)
			e.drop(m)
			e.answer(p, header{kind: kindCancelled, id: h.id})
			return
		}
	}
}
