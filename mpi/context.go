package mpi

import (
	"cmp"

	"rainmpi/mpi/internal/match"
	"rainmpi/rainnet/wire"
)

// A contextID tells the communicators that a process is in apart: it stands in
// every packet. A communicator has one for each kind of traffic.
//
// An id is made by one process, a member of the communicator, of its own peer id,
// which no other process has that it can be connected with, and a number that it has not used before. So communicators that are made
// at the same time, by threads or by Idup, need not agree with each other, and
// no id is used twice: a late message cannot be taken for another communicator's.
type contextID uint64

// An id has 58 bits, the room that a packet has for it: 30 are the owner's.
const (
	contextNumberBits = 28
	contextBits       = 58
)

// A communicator's own context is that of point-to-point messages; these come
// after it.
const (
	collContext     contextID = 1 // collectives
	partContext     contextID = 2 // partitioned communication: who belongs to whom
	groupContext    contextID = 3 // what the members of a group agree on
	localContext    contextID = 4 // of an intercommunicator: its local group's communicator
	contextsPerComm contextID = 8
)

// Contexts of the predefined communicators, in every world the same: they have
// no owner, and no process of another world sends in them.
const (
	worldContext     contextID = 0 * contextsPerComm
	selfContext      contextID = 1 * contextsPerComm
	firstUserContext contextID = 2 * contextsPerComm
)

// owner is the process that made the id, and number its part.
func (c contextID) owner() wire.PeerID { return wire.PeerID(c >> contextNumberBits) }
func (c contextID) number() int        { return int(c & (1<<contextNumberBits - 1)) }

// predefined reports whether it is MPI_COMM_WORLD's or MPI_COMM_SELF's.
func (c contextID) predefined() bool { return c < firstUserContext }

// maxComms is how many communicators a process may have: of a program that makes them again and again and frees none
// something has to say so before memory is full. A variable for tests.
var maxComms = 1 << 15

// newContext makes one that no other communicator has.
func (e *engine) newContext() (contextID, error) {
	if e.comms.count() >= maxComms {
		return 0, errorf(ErrNoMem, "rank %d has %d communicators; free those that are not needed (MPI_Comm_free)", e.rank, maxComms)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	n := e.nextContext
	if n.number() != int(n) {
		return 0, errorf(ErrNoMem, "rank %d has made %d communicators, and has no context for another one", e.rank, n/contextsPerComm)
	}
	e.nextContext += contextsPerComm
	return contextID(e.self.id(e.rank))<<contextNumberBits | n, nil
}

// space returns the matching state of a context, made on demand: a message
// may come before this process has made the communicator.
func (e *engine) space(ctx contextID, sources int) *space {
	at := e.slot(ctx)
	if *at == nil {
		*at = match.New[*Request, *message](sources)
	}
	(*at).Grow(sources)
	return *at
}

func (e *engine) slot(ctx contextID) **space {
	owner, n := e.ownerAt(ctx.owner()), ctx.number()
	for owner >= len(e.spaces) {
		e.spaces = append(e.spaces, nil)
	}
	for n >= len(e.spaces[owner]) {
		e.spaces[owner] = append(e.spaces[owner], nil)
	}
	return &e.spaces[owner][n]
}

// ownerAt is an owner's place in spaces: those of this job have theirs by
// number, after that of the predefined communicators. Those of other jobs are few,
// and have the places that are left.
func (e *engine) ownerAt(id wire.PeerID) int {
	if id == 0 {
		return 0
	}
	if at := id - e.self.base; at < maxJob {
		return 1 + 2*int(at)
	}
	at, ok := e.owners[id]
	if !ok {
		if e.owners == nil {
			e.owners = make(map[wire.PeerID]int)
		}
		at = 2 + 2*len(e.owners)
		e.owners[id] = at
	}
	return at
}

// forget drops the matching state of a context that is not used again, if
// nothing is pending in it. A late message makes it anew.
func (e *engine) forget(ctx contextID) {
	if at := e.slot(ctx); *at != nil && (*at).Posted()+(*at).Arrived() == 0 {
		*at = nil
	}
}

// agreeContext agrees on the context of a communicator that all of c make.
func (c *Comm) agreeContext() (ctx contextID, err error) {
	r, err := c.iagreeContext(false, func(agreed contextID, _ int) { ctx = agreed })
	if err == nil {
		_, err = r.Wait()
	}
	return ctx, err
}

// iagreeContext begins to: rank 0 makes the context and tells the others. Of an
// intercommunicator both groups' rank 0 make one, and the larger is taken. The
// request ends after take, which is called with mu held. With flat, rank 0 also
// offers an area to the communicator that all of c make (see takeArea).
func (c *Comm) iagreeContext(flat bool, take func(ctx contextID, area int)) (*Request, error) {
	var mine, agreed contextID
	var failed error
	if c.rank == 0 {
		mine, failed = c.e.newContext() // the others hear of an error as well, by a 0
		if flat && failed == nil {
			mine |= contextID(c.e.takeArea(c.Size())) << contextBits
		}
	}
	among := []*Comm{c}
	if c.Inter() {
		among = append(among, c.local)
	}
	e := c.e
	e.mu.Lock()
	all := e.newRequest(collRequest)
	e.mu.Unlock()
	all.comm = c
	left := len(among)
	for _, m := range among {
		in, out := []contextID{mine}, []contextID{0}
		err := m.planAllreduce(Slice(in), Slice(out), Max).then(func(err error) {
			agreed, failed = max(agreed, out[0]), cmp.Or(failed, err)
			if left--; left > 0 {
				return
			}
			if failed == nil && agreed == 0 {
				failed = errorf(ErrNoMem, "the first process has too many communicators; free those that are not needed (MPI_Comm_free)")
			}
			take(agreed&(1<<contextBits-1), int(agreed>>contextBits))
			e.complete(all, failed)
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// setContext gives c what was agreed on.
func (c *Comm) setContext(ctx contextID) {
	c.ctx = ctx
	if c.local != nil {
		c.local.ctx = ctx + localContext
	}
	if ctx == 0 { // it is still to come
		return
	}
	c.e.comms.enter(c)
	if c.local != nil {
		c.e.comms.enter(c.local)
	}
}

// agreeAmong agrees on a context among some processes only: the first of them
// makes it and tells the others.
func (c *Comm) agreeAmong(g *Group, where contextID, tag int) (contextID, error) {
	at, err := g.Translate(sequence(g.Size()), c.group)
	if err != nil {
		return 0, err
	}
	if g.rank != 0 {
		ctx := []contextID{0}
		err := c.internal(g, Slice(ctx), at[0], where, tag, false)
		return ctx[0], err
	}
	ctx, err := c.e.newContext()
	if err != nil {
		return 0, err
	}
	for _, r := range at[1:] {
		if err := c.internal(g, Slice([]contextID{ctx}), r, where, tag, true); err != nil {
			return 0, err
		}
	}
	return ctx, nil
}
