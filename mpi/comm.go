package mpi

import (
	"slices"
	"sync/atomic"
)

// A Comm is a communicator: a group of processes and a context of its own, in
// which their messages meet no others (MPI 5.0 chapter 7).
type Comm struct {
	e      *engine
	ctx    contextID
	rank   int // of this process
	group  *Group
	remote *Group // of an intercommunicator; nil in an intracommunicator
	local  *Comm  // of an intercommunicator: its local group's own communicator

	seq     uint32 // of the next collective; the same at all members
	keptSeq uint32 // of persistent collectives
	coll    collState
	flat    *Flat      // nil: all collectives are schedules
	topo    *topology  // nil: none
	table   *CommTable // nil: no binding has asked for it

	freed   bool
	revoked atomic.Bool
	acked   int // failures that were acknowledged, of failedRanks
	name    string
	info    *Info
	Attrs   Attrs // cached attributes (section 7.7)

	bsends BsendBuffer
}

func (e *engine) newComm(ctx contextID, g *Group) *Comm {
	c := e.bareComm(g)
	c.ctx = ctx
	e.comms.enter(c)
	return c
}

// bareComm makes one that gets its context later.
func (e *engine) bareComm(g *Group) *Comm {
	c := &Comm{e: e, rank: g.rank, group: g, bsends: BsendBuffer{e: e}}
	c.tie(1)
	return c
}

// Rank is this process's rank in the communicator.
func (c *Comm) Rank() int { return c.rank }

// Size is the number of processes; of an intercommunicator, of the local group.
func (c *Comm) Size() int { return len(c.group.ranks) }

// Group is the (local) group.
func (c *Comm) Group() *Group { return c.group }

// Inter reports whether c is an intercommunicator.
func (c *Comm) Inter() bool { return c.remote != nil }

// RemoteGroup is the other group of an intercommunicator.
func (c *Comm) RemoteGroup() (*Group, error) {
	if c.remote == nil {
		return nil, errorf(ErrComm, "an intracommunicator has no remote group")
	}
	return c.remote, nil
}

// RemoteSize is the number of processes of the other group.
func (c *Comm) RemoteSize() (int, error) {
	g, err := c.RemoteGroup()
	if err != nil {
		return 0, err
	}
	return g.Size(), nil
}

// Name and SetName are what debuggers print (MPI_Comm_set_name).
func (c *Comm) Name() string        { return c.name }
func (c *Comm) SetName(name string) { c.name = name }

// peers is the number of ranks that point-to-point calls may name.
func (c *Comm) peers() int {
	if c.remote != nil {
		return len(c.remote.ranks)
	}
	return len(c.group.ranks)
}

// proc is the process of that rank.
func (c *Comm) proc(rank int) *proc {
	if c.remote != nil {
		return c.e.procs[c.remote.ranks[rank]]
	}
	return c.e.procs[c.group.ranks[rank]]
}

func (c *Comm) check() error {
	if c == nil || c.freed {
		return errorf(ErrComm, "the communicator is null or was freed")
	}
	return nil
}

// Compare returns Ident, Congruent, Similar or Unequal (MPI_Comm_compare).
func (c *Comm) Compare(o *Comm) int {
	if c == o {
		return Ident
	}
	if c.Inter() != o.Inter() {
		return Unequal
	}
	v := c.group.Compare(o.group)
	if c.Inter() {
		v = max(v, c.remote.Compare(o.remote))
	}
	if v == Ident {
		return Congruent
	}
	return v
}

// Dup makes a communicator of the same processes with a context, and with
// copies of the attributes that want to be copied (MPI_Comm_dup). Collective.
func (c *Comm) Dup() (*Comm, error) {
	d, r, err := c.Idup()
	if err != nil {
		return nil, err
	}
	if _, err := r.Wait(); err != nil {
		return nil, err
	}
	return d, nil
}

// Idup is Dup that does not wait: the communicator must not be used before the
// request has ended (MPI_Comm_idup). Its attributes are those of now: "as if
// MPI_COMM_DUP was executed at the time that MPI_COMM_IDUP is called" (section
// 7.4.2).
func (c *Comm) Idup() (*Comm, *Request, error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	d := c.e.bareComm(c.group)
	if c.Inter() {
		d = c.e.newInter(0, c.group, c.remote)
	}
	d.info, d.topo = c.info.Dup(), c.topo
	if err := c.Attrs.copyTo(&d.Attrs, c); err != nil {
		return nil, nil, err
	}
	// The new communicator's rank 0 is this one's.
	r, err := c.iagreeContext(c.onHost(), func(ctx contextID, area int) {
		d.setContext(ctx)
		d.useArea(area)
	})
	return d, r, err
}

// Create makes a communicator of the members of g, a subgroup; the others get
// nil (MPI_Comm_create). All processes of c call it; different groups must be
// disjoint.
func (c *Comm) Create(g *Group) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if g == nil {
		return nil, errorf(ErrGroup, "the group is null")
	}
	for _, w := range g.ranks {
		if !slices.Contains(c.group.ranks, w) {
			return nil, errorf(ErrGroup, "process %d of the group is not in the communicator", w)
		}
	}
	if c.Inter() {
		return c.createInter(g)
	}
	ctx, err := c.agreeContext()
	if err != nil || g.rank == Undefined {
		return nil, err
	}
	return c.e.made(ctx, g)
}

// Split makes a communicator per color, its ranks ordered by key, then by rank
// in c. Color Undefined gives nil (MPI_Comm_split). Collective.
func (c *Comm) Split(color, key int) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if color < 0 && color != Undefined {
		return nil, errorf(ErrArg, "color is %d; it must not be negative, or MPI_UNDEFINED", color)
	}
	if c.Inter() {
		return c.splitInter(color, key)
	}
	mine := []int64{int64(color), int64(key)}
	all := make([]int64, 2*c.Size())
	if err := Allgather(c, mine, all); err != nil {
		return nil, err
	}
	ctx, err := c.agreeContext()
	if err != nil || color == Undefined {
		return nil, err
	}
	g, err := c.group.Incl(ofColor(all, color))
	if err != nil {
		return nil, err
	}
	return c.e.made(ctx, g)
}

// SplitShared splits by host: the ranks of each result share memory
// (MPI_Comm_split_type with MPI_COMM_TYPE_SHARED). Collective.
func (c *Comm) SplitShared(key int) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return c.Split(int(c.e.at(int32(c.e.rank)).host), key)
}

// CreateGroup is Create, called by the members of g only (MPI_Comm_create_group).
// tag tells concurrent calls of several threads apart.
func (c *Comm) CreateGroup(g *Group, tag int) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if g == nil || g.rank == Undefined {
		return nil, errorf(ErrGroup, "this process is not in the group")
	}
	if err := c.checkTag(tag); err != nil {
		return nil, err
	}
	ctx, err := c.agreeAmong(g, c.ctx+groupContext, tag)
	if err != nil {
		return nil, err
	}
	return c.e.made(ctx, g)
}

// internal is a blocking send or receive of the library's own, in something that all of g
// take part in: nothing will come of that if one of them has failed, whoever the peer is.
func (c *Comm) internal(g *Group, b Buffer, peer int, ctx contextID, tag int, send bool) error {
	e := c.e
	e.mu.Lock()
	kind := recvRequest
	if send {
		kind = sendRequest
	}
	r := e.newRequest(kind)
	r.bind(c, b)
	if send {
		e.startSend(r, Standard, peer, tag, ctx)
	} else {
		e.startRecv(r, peer, tag, ctx)
	}
	e.mu.Unlock()
	e.until(func() bool { return r.Done() || e.giveUpFor(g, ctx, r) })
	_, err := r.Wait()
	return err
}

// Free gives the communicator up (MPI_Comm_free). Pending communication goes
// on to its end. Collective by the standard, local here. Processes of other worlds
// stay connected with this one: see Disconnect.
func (c *Comm) Free() error {
	if err := c.check(); err != nil {
		return err
	}
	if c.ctx.predefined() {
		return errorf(ErrComm, "MPI_COMM_WORLD and MPI_COMM_SELF cannot be freed")
	}
	if err := c.Attrs.deleteAll(c); err != nil {
		return err
	}
	c.freed = true
	c.e.comms.leave(c)
	if c.local != nil {
		c.local.Free()
	}
	c.leaveArea()
	c.bsends.Flush() // nobody else waits for what is in it
	c.e.mu.Lock()
	c.dropTable()
	for i := range localContext {
		c.e.forget(c.ctx + i)
	}
	c.e.mu.Unlock()
	return nil
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
