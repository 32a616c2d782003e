package mpi

import (
	"slices"

	"rainmpi/rainnet/wire"
)

// Going on without the dead (rainrun --on-failure continue). The proposal is User-Level
// Failure Mitigation: no call waits for a process that has failed; one that involves it
// "must either succeed or raise an MPI error".
//
// Who has failed is not this process's opinion. The agents agree on the hosts that take
// part and see the ends of their ranks; what they say is final, and every survivor hears
// of it. So each ends its own calls, and nobody has to tell the others that a collective
// has failed:
//
//   - a send to the dead and a receive from it end with ErrProcFailed; what it had sent
//     before can still be received;
//   - a collective ends so at every survivor, now and from now on, if the dead is a
//     member of the communicator;
//   - a receive from any source could have been the dead's: it stalls. A call that waits
//     for it gives ErrProcFailedPending and leaves it as it is, until the program has
//     acknowledged the failure (AckFailed). The receive of a blocking call ends with
//     ErrProcFailed.

// lost takes the agent's word that processes have failed, by their numbers in the job.
func (e *engine) lost(numbers []int) {
	var ids []wire.PeerID
	for _, n := range numbers {
		if id := e.self.base + wire.PeerID(n); id != e.self.id(e.rank) {
			e.gone.Store(id, true)
			ids = append(ids, id)
		}
	}
	e.mu.Lock()
	e.progress() // what they have sent until now is here
	for _, id := range ids {
		if p := e.find(id); p != nil && !p.failed {
			e.bury(p)
		}
	}
	e.unlockAndWork()
	e.wait.changed()
}

// bury ends everything that waits for a process that has failed. mu is held.
func (e *engine) bury(p *proc) {
	if p.in != nil {
		e.mem.drain(e, p)
	}
	p.failed = true
	e.failed = append(e.failed, int32(p.index))
	p.gate()
	// First the collectives, so that the ends of their steps begin nothing new.
	for _, c := range e.comms.of(p) {
		c.close()
		e.abandonAll(c)
	}
	e.advanceFlats()
	for r := range e.involving(p) {
		e.complete(r, e.lostWith(r, p))
	}
	p.queue, p.streams = outgoing{}, outgoing{}
	e.buryShares(p)
	if p.peer != nil {
		e.net.bury(p)
	}
	for _, w := range e.wins {
		w.bury(p, e.failedError(p))
	}
	e.stallAll()
}

// involving are the requests of which p is one side.
func (e *engine) involving(p *proc) requestSet {
	found := requestSet{}
	e.eachPosted(func(s *space, r *Request, source int) {
		if r.from(source) == p {
			s.Cancel(&r.recv)
			found[r] = true
		}
	})
	for _, row := range e.requests.rows {
		if r := row.r; r != nil && (r.to == p || r.to == nil && r.status.Source >= 0 && r.from(r.status.Source) == p) {
			found[r] = true
		}
	}
	for _, q := range []outgoing{p.queue, p.streams} {
		for k := q.first; k != nil; k = k.next {
			if k.request != nil {
				found[k.request] = true
			}
		}
	}
	if e.net != nil {
		for b, r := range e.net.bulks {
			if b.to == p {
				found[r] = true
			}
		}
	}
	return found
}

// A requestSet holds requests that are to end: one may be found in several places.
type requestSet map[*Request]bool

// eachPosted looks at every receive that waits for a message. f may cancel it.
func (e *engine) eachPosted(f func(s *space, r *Request, source int)) {
	for _, owned := range e.spaces {
		for _, s := range owned {
			if s == nil || s.Posted() == 0 {
				continue
			}
			for recv := range s.Receives {
				f(s, recv.Value, int(recv.Source))
			}
		}
	}
}

// giveUpFor ends a receive that is of no use without all of g, if one of them has failed,
// and reports whether it has.
func (e *engine) giveUpFor(g *Group, ctx contextID, r *Request) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, at := range e.failed {
		if slices.Contains(g.ranks, at) {
			if e.space(ctx, 0).Cancel(&r.recv) {
				e.complete(r, r.comm.failedError(e.procs[at]))
			}
			return r.done.Load() == ended
		}
	}
	return false
}

// hopeless is why a receive that nothing has come for can get nothing; nil: it may.
func (e *engine) hopeless(r *Request, source int) error {
	if p := r.from(source); p != nil && p.failed {
		return r.comm.failedError(p)
	}
	return nil
}

// stallAll stalls the receives that may wait for a process that has failed, and ends
// those of blocking calls.
func (e *engine) stallAll() {
	found := requestSet{}
	e.eachPosted(func(s *space, r *Request, source int) {
		if source == AnySource && r.stalls() && r.blocking {
			s.Cancel(&r.recv)
			found[r] = true
		}
	})
	for r := range found {
		e.complete(r, r.comm.unackedError(ErrProcFailed))
	}
}

// stalls marks a receive from any source that may wait for somebody who has failed, and
// reports whether it is one. That of a blocking call is not marked: who waits for it looks
// without the lock, and is to see its end only. mu is held.
func (r *Request) stalls() bool {
	if r.kind != recvRequest || r.then != nil || r.comm == nil || len(r.comm.failedRanks()) <= r.comm.acked {
		return false
	}
	if !r.blocking && r.done.Load() == underWayStill {
		r.done.Store(stalled)
	}
	return true
}

// The states of a request, in Request.done.
const (
	underWayStill = iota
	ended
	stalled // it waits, and who waits for it is told of a failure
)

// postedLate is called for a receive that has been posted while processes have failed.
func (e *engine) postedLate(s *space, r *Request, source int) {
	if source == AnySource && r.stalls() && r.blocking {
		s.Cancel(&r.recv)
		e.complete(r, r.comm.unackedError(ErrProcFailed))
	}
}

// Stalled reports whether the request is a receive from any source that waits although
// a process that might have sent to it has failed: calls that wait for it give
// ErrProcFailedPending.
func (r *Request) Stalled() bool { return r != nil && !r.inactive() && r.done.Load() == stalled }

// members are the places of all processes of c in the engine's table.
func (c *Comm) members() []int32 {
	if c.remote == nil {
		return c.group.ranks
	}
	return slices.Concat(c.group.ranks, c.remote.ranks)
}

// failedRanks are the places of those that have failed, in the order in which this process
// heard of it: later ones come behind. mu is held.
func (c *Comm) failedRanks() (ranks []int32) {
	if len(c.e.failed) == 0 {
		return nil
	}
	members := c.members()
	for _, at := range c.e.failed {
		if slices.Contains(members, at) {
			ranks = append(ranks, at)
		}
	}
	return ranks
}

// failedError says that p has failed.
func (c *Comm) failedError(p *proc) *Error {
	where := "of the communicator"
	among := c.group.ranks
	if c.remote != nil {
		where, among = "of the other group", c.remote.ranks
	}
	if r := slices.Index(among, int32(p.index)); r >= 0 {
		return errorf(ErrProcFailed, "rank %d %s has failed (process %d of the job)", r, where, int(p.id-c.e.self.base))
	}
	return c.e.failedError(p)
}

// failedError is Comm.failedError where there is no communicator.
func (e *engine) failedError(p *proc) *Error {
	return errorf(ErrProcFailed, "process %d of the job has failed", int(p.id-e.self.base))
}

// lostWith is the error of a request that p was one side of.
func (e *engine) lostWith(r *Request, p *proc) *Error {
	if r.comm != nil {
		return r.comm.failedError(p)
	}
	return e.failedError(p)
}

// unackedError is that of a receive from any source. mu is held.
func (c *Comm) unackedError(class Class) error {
	ranks := c.failedRanks()
	if len(ranks) <= c.acked {
		return nil
	}
	err := c.failedError(c.e.procs[ranks[c.acked]])
	return errorf(class, "%s, and this is a receive from any source; acknowledge the failure with MPIX_Comm_ack_failed, or name the source", err.Text)
}

// unusable is why no collective can be made on c any more; nil: it can. mu is held.
func (c *Comm) unusable() error {
	if c.revoked.Load() {
		return errRevoked()
	}
	if ranks := c.failedRanks(); len(ranks) > 0 {
		return c.failedError(c.e.procs[ranks[0]])
	}
	return nil
}

// whyGivenUp is the class that tells others why a collective of c comes to nothing here.
func (c *Comm) whyGivenUp() Class {
	if err := c.unusable(); err != nil {
		return ClassOf(err)
	}
	return ErrNotSame
}

// abandonAll gives up the collectives of c that are under way.
func (e *engine) abandonAll(c *Comm) {
	err := c.unusable()
	for _, first := range e.underWay {
		var list []*Request
		for r := first; r != nil; r = r.next {
			if r.comm == c {
				list = append(list, r)
			}
		}
		for _, r := range list {
			if r.run.Abandon(err) {
				for _, step := range e.withdraw(r) {
					e.complete(step, nil)
				}
			}
		}
	}
}

// Failed is the group of the processes of c that are known here to have failed
// (MPIX_Comm_get_failed). Those that fail later come behind the others.
func (c *Comm) Failed() (*Group, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.e.step() // the word may be waiting
	c.e.mu.Lock()
	defer c.e.mu.Unlock()
	return c.group.with(nil, c.failedRanks()), nil
}

// AckFailed acknowledges the first n of Failed (MPIX_Comm_ack_failed): receives from any
// source wait for the others again if all are acknowledged. It returns how many are.
func (c *Comm) AckFailed(n int) (int, error) {
	if err := c.check(); err != nil {
		return 0, err
	}
	if n < 0 {
		return 0, errorf(ErrArg, "%d failures to acknowledge; it must not be negative", n)
	}
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	failed := len(c.failedRanks())
	if c.acked = max(c.acked, min(n, failed)); c.acked < failed {
		return c.acked, nil
	}
	e.eachPosted(func(_ *space, r *Request, _ int) {
		if r.comm == c {
			r.done.CompareAndSwap(stalled, underWayStill)
		}
	})
	return c.acked, nil
}
