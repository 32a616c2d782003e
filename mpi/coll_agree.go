package mpi

import "rainmpi/mpi/internal/coll"

// What happens when ranks do not make the same collective call. The standard leaves it undefined; here
// it is an error at every rank that still waits.
//
// Each message of a collective carries its call's sign. A rank that gets one of another sign for the
// call it is in gives its call up: it withdraws what has not begun, and tells the members of the
// communicator, who give theirs up. What is under way between two ranks ends as it would have. Where
// no wrong message passes, as all wait for each other, nobody finds out.

// underWay finds the requests of collectives by context and tag, which r.next chains.
type underWay [64]*Request

func (u *underWay) slot(ctx contextID, tag int32) **Request {
	return &u[(uint32(ctx)/uint32(contextsPerComm)+uint32(tag))%uint32(len(u))]
}

func (u *underWay) add(r *Request) {
	at := u.slot(r.comm.ctx+collContext, r.head.tag)
	r.next, *at = *at, r
}

func (u *underWay) remove(r *Request) {
	for at := u.slot(r.comm.ctx+collContext, r.head.tag); *at != nil; at = &(*at).next {
		if *at == r {
			*at, r.next = r.next, nil
			return
		}
	}
}

func (u *underWay) find(ctx contextID, tag int32) *Request {
	r := *u.slot(ctx, tag)
	for r != nil && (r.comm.ctx+collContext != ctx || r.head.tag != tag) {
		r = r.next
	}
	return r
}

// strays reports whether a message that no receive waits for is of another call than the one that is
// under way here, or of one that has ended. mu is held.
func (e *engine) strays(h header) bool {
	if r := e.underWay.find(h.ctx, h.tag); r != nil {
		if r.run.Sign() == h.sign {
			return false
		}
		e.giveUp(r.run, h, ErrNotSame)
		return true
	}
	c, ok := e.space(h.ctx, 0).User.(*Comm)
	if !ok || !c.finished(h.tag) {
		return false
	}
	// This rank has got all that it waited for, but others may not.
	if h.sign != coll.Failed {
		c.tellFailed(h.tag, c.whyGivenUp())
	}
	return true
}

// strayLooks bounds how many early messages a call looks at.
const strayLooks = 64

// meetStrays is strays for messages that came before the call, which has been started.
func (e *engine) meetStrays(c *Comm, tag int32, sign uint8) {
	s := e.space(c.ctx+collContext, 0)
	if s.Arrived() == 0 {
		return
	}
	looks := 0
	for a := range s.Arrivals {
		if a.Tag == tag && a.Value.head.sign != sign {
			h := a.Value.head
			s.Take(a)
			e.drop(a.Value)
			e.strays(h)
			return
		}
		if looks++; looks == strayLooks {
			return
		}
	}
}

// giveUp ends a collective because of a message that does not belong to it. mu is held.
func (e *engine) giveUp(run *coll.Run, h header, class Class) {
	err := errorf(class, "rank %d is in another collective, or in this one with another root or length; all ranks must call the same ones in the same order, with arguments that fit", h.src)
	if h.sign == coll.Failed {
		err = errorf(ErrNotSame, "rank %d has given this collective up, because the ranks' calls do not fit together", h.src)
		if why := Class(h.id); why != ErrNotSame {
			err = errorf(why, "rank %d has given this collective up", h.src)
		}
	}
	if !run.Abandon(err) {
		return
	}
	r := run.User.(*Request)
	if h.sign != coll.Failed {
		r.comm.tellFailed(h.tag, ErrNotSame)
	}
	for _, step := range e.withdraw(r) {
		e.complete(step, nil)
	}
}

// tellFailed tells all members that nothing will come of the collective with that tag, and why.
func (c *Comm) tellFailed(tag int32, why Class) {
	e := c.e
	h := header{kind: kindEager, sign: coll.Failed, ctx: c.ctx + collContext, tag: tag, src: int32(c.rank), id: uint64(why)}
	for i, w := range c.group.ranks {
		if i != c.rank {
			e.answer(e.procs[w], h)
		}
	}
	if c.remote == nil {
		return
	}
	h.src += int32(c.peers()) // see collStep
	for _, w := range c.remote.ranks {
		e.answer(e.procs[w], h)
	}
}

// withdraw takes back the steps of a collective that no other rank has answered, or has only asked to help with (share.go), and
// returns them.
// Messages of the call that have come are forgotten.
func (e *engine) withdraw(r *Request) (steps []*Request) {
	s := e.space(r.comm.ctx+collContext, 0)
	for a := range s.Arrivals {
		if a.Tag == r.head.tag {
			s.Take(a)
			e.drop(a.Value)
		}
	}
	for recv := range s.Receives {
		if q := recv.Value; q.kind == stepRequest && q.run == r.run {
			s.Cancel(recv)
			steps = append(steps, q)
		}
	}
	for _, row := range e.requests.rows {
		if q := row.r; q != nil && q.kind == stepRequest && q.run == r.run && q.to != nil && q.head.kind == kindRTS {
			q.to.queue.drop(q)
			steps = append(steps, q)
		}
	}
	return steps
}
