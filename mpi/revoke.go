package mpi

import "sync"

// Revoking a communicator (MPIX_Comm_revoke). A survivor that has seen a failure may wait
// for nobody any more while another one, which has not to do with the dead, waits for it:
// so it ends everybody's communication on the communicator. Each process that hears of it
// for the first time tells all others, so that the word is not lost with who had it first.

// commSet is the communicators of a process, and the contexts of those that were revoked
// before this process had made them.
type commSet struct {
	mu      sync.Mutex
	live    map[*Comm]bool
	revoked map[contextID]bool
}

// enter takes a communicator that has its context.
func (s *commSet) enter(c *Comm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live == nil {
		s.live, s.revoked = make(map[*Comm]bool), make(map[contextID]bool)
	}
	s.live[c] = true
	if s.revoked[c.ctx] {
		c.revoked.Store(true)
	}
}

func (s *commSet) leave(c *Comm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.live, c)
}

func (s *commSet) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// of are the communicators that p is a member of. mu of the engine is held.
func (s *commSet) of(p *proc) (list []*Comm) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.live {
		for _, at := range c.members() {
			if at == int32(p.index) {
				list = append(list, c)
				break
			}
		}
	}
	return list
}

// at is the communicator of a context. If there is none (yet), one that is made with it
// will be revoked.
func (s *commSet) at(ctx contextID) *Comm {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.live {
		if c.ctx == ctx {
			return c
		}
	}
	if s.revoked == nil {
		s.live, s.revoked = make(map[*Comm]bool), make(map[contextID]bool)
	}
	s.revoked[ctx] = true
	return nil
}

func errRevoked() *Error {
	return errorf(ErrRevoked, "a process has called MPIX_Comm_revoke; make another communicator")
}

// Revoke ends the communication on c at all its processes (MPIX_Comm_revoke): what waits
// and what is begun from now on ends with ErrRevoked. It is not collective.
func (c *Comm) Revoke() error {
	if c == nil || c.freed {
		return errorf(ErrComm, "the communicator is null or was freed")
	}
	c.e.mu.Lock()
	c.e.revoke(c)
	c.e.mu.Unlock()
	c.e.wait.changed()
	return nil
}

// Revoked reports whether c was revoked, here or elsewhere (MPIX_Comm_is_revoked).
func (c *Comm) Revoked() bool {
	c.e.step()
	return c.revoked.Load()
}

// revoke makes c a revoked communicator and tells its processes. Data that is on its way
// already, the sender having been asked for it, still arrives. mu is held.
func (e *engine) revoke(c *Comm) {
	if c.revoked.Swap(true) {
		return
	}
	ctx := c.ctx
	for _, at := range c.members() {
		if at != int32(e.rank) {
			e.answer(e.procs[at], header{kind: kindRevoke, ctx: ctx, src: int32(c.rank)})
		}
	}
	c.close()
	e.abandonAll(c)
	if c.local != nil && !c.local.revoked.Swap(true) {
		c.local.close()
		e.abandonAll(c.local)
	}
	e.advanceFlats()
	on := func(r *Request) bool { return r.comm != nil && (r.comm == c || r.comm == c.local) }
	found := requestSet{}
	e.eachPosted(func(s *space, r *Request, _ int) {
		if on(r) {
			s.Cancel(&r.recv)
			found[r] = true
		}
	})
	for _, p := range e.procs {
		for k := p.queue.first; k != nil; k = k.next {
			if r := k.request; r != nil && on(r) && r.kind != rmaRequest {
				found[r] = true
			}
		}
	}
	for _, row := range e.requests.rows {
		// Granted data flows on: it is read from, or written to, the user's memory.
		if r := row.r; r != nil && on(r) && r.to != nil && (r.head.kind == kindRTS || r.head.kind == kindEager) {
			found[r] = true
		}
	}
	for r := range found {
		if r.to != nil {
			r.to.queue.drop(r)
			r.to.gate()
		}
	}
	for r := range found {
		e.complete(r, errRevoked())
	}
}

// close keeps the binding from doing anything on c by itself: the engine knows why that
// comes to nothing. mu is held.
func (c *Comm) close() {
	if c.flat != nil {
		c.flat.close()
	}
	if t := c.table; t != nil {
		c.e.space(c.ctx, c.Size()).CountIn(nil)
		t.N, t.waiting.Posted = 0, 1
	}
}
