package mpi

import (
	"slices"
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/dtype"
)

// Collectives on the engine. A collective is a schedule of sends, receives,
// copies and reductions (package coll), run by one executor whether the call
// is blocking, nonblocking or persistent. Its tag is a sequence number that is
// drawn at the call, one counter per communicator (a persistent one draws it
// when it is made: it may be started in any order), and its context is apart
// from point-to-point: "collective operations do not interfere with point-to-
// point communication on the same communicator" (MPI 5.0 section 6.1).

// collState is what a communicator keeps for its collectives.
type collState struct {
	comm *coll.Comm // schedules; nil until the first collective
	plan collPlan   // the call that is being checked
	flat flatCall   // the flat call under way
}

// A collCall is one collective, ready to start.
type collCall struct {
	shape    coll.Shape
	vectors  *coll.Vectors
	schedule *coll.Schedule // of a persistent call; nil: look for it
	tag      int32          // of a persistent call; 0: draw it
	args     coll.Args
	op       *Op
	element  *Datatype // of a reduction
	wrong    *Error    // why it cannot be done, which all members hear
}

// collChoice is RAIN_COLL of this process, or what rainrun has told all ranks of it.
var collChoice coll.Choice

func setCollOverride(text string) error {
	c, err := coll.ParseChoice(text)
	if err != nil {
		return errorf(ErrArg, "RAIN_COLL: %v", err)
	}
	collChoice = c
	return nil
}

// Collectives returns the names of the collectives, as Algorithms and RAIN_COLL take them.
func Collectives() []string { return coll.CollNames() }

// Algorithms returns the names of the algorithms of a collective, in lower case
// and without MPI_: those that RAIN_COLL=collective:algorithm forces. There are
// none of a name that is no collective.
func Algorithms(collective string) []string { return coll.NamesOf(collective) }

// schedules returns c's, made at the first collective. mu is held.
func (c *Comm) schedules() *coll.Comm {
	if c.coll.comm == nil {
		g := coll.Group{Rank: c.rank, Size: c.Size()}
		if t := c.topo; t != nil {
			g.In, g.Out, g.Cart = t.in, t.out, t.kind == CartTopology
		}
		if len(c.e.hosts) > 1 || len(c.e.known) > 0 {
			for _, w := range c.group.ranks {
				g.HostOf = append(g.HostOf, int(c.e.procs[w].host))
			}
		}
		if c.remote != nil {
			g.Remote = c.remote.Size()
		}
		c.coll.comm = coll.NewComm(g, collChoice)
		c.e.space(c.ctx+collContext, 0).User = c
	}
	return c.coll.comm
}

// begin starts a collective.
func (c *Comm) begin(k *collCall) *Request {
	e := c.e
	e.mu.Lock()
	r := e.newRequest(collRequest)
	r.comm = c
	e.run(r, k)
	e.unlockAndWork()
	return r
}

// run executes k for the request r. mu is held.
func (e *engine) run(r *Request, k *collCall) {
	c := r.comm
	r.head.tag = k.tag
	if k.tag == 0 {
		r.head.tag = c.drawTag()
	}
	if err := c.unusable(); err != nil {
		e.complete(r, err)
		return
	}
	schedule := k.schedule
	if schedule == nil {
		schedule = c.schedules().Schedule(k.shape, k.vectors)
	}
	if k.wrong != nil {
		c.tellFailed(r.head.tag, ErrNotSame)
		e.complete(r, k.wrong)
		return
	}
	r.op, r.element = k.op, k.element
	r.run = e.runs.Get()
	r.run.User = r
	r.run.Bind((*collNet)(e), schedule, k.args)
	e.underWay.add(r)
	r.run.Start()
	e.meetStrays(c, r.head.tag, schedule.Sign)
	if r.run != nil { // it was not given up at once
		e.advanced(r.run)
	}
}

// Persistent collectives have the tags from keptTags on, as they are not started in the order of
// their tags.
const keptTags = 1 << 30

// drawTag is the next tag of a collective. mu is held.
func (c *Comm) drawTag() int32 {
	c.seq = (c.seq + 1) % keptTags
	return int32(c.seq)
}

func (c *Comm) drawKeptTag() int32 {
	c.keptSeq = (c.keptSeq + 1) % keptTags
	return int32(keptTags | c.keptSeq)
}

// finished reports whether a collective with that tag was begun here: one that is not under way has
// ended then. Half of the tags are those of calls to come.
func (c *Comm) finished(tag int32) bool {
	return tag < keptTags && (c.seq-uint32(tag))%keptTags < keptTags/2
}

// advanced ends the request of a run that is done. mu is held.
func (e *engine) advanced(run *coll.Run) {
	done, err := run.Done()
	if !done {
		return
	}
	r := run.User.(*Request)
	e.underWay.remove(r)
	r.run, r.op, r.element = nil, nil, nil
	e.runs.Put(run)
	e.complete(r, err)
}

// collNet is the engine as package coll sees it. Its methods are called with
// mu held.
type collNet engine

func (n *collNet) Isend(run *coll.Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type) {
	e := (*engine)(n)
	r, p, source, _ := e.collStep(run, peer, addr, count, t)
	e.startSendTo(r, Standard, p, source, int(run.User.(*Request).head.tag), r.comm.ctx+collContext)
}

func (n *collNet) Irecv(run *coll.Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type) {
	e := (*engine)(n)
	r, _, _, sources := e.collStep(run, peer, addr, count, t)
	e.startRecvFrom(r, peer, int(run.User.(*Request).head.tag), r.comm.ctx+collContext, sources)
}

// collStep makes the request of one step. Peers from the local group's size on
// are the remote group's: so that both groups can use one context, a message's
// source is counted in the same way, from the receiver's side.
func (e *engine) collStep(run *coll.Run, peer int, addr unsafe.Pointer, count int64, t *dtype.Type) (r *Request, p *proc, source, sources int) {
	c := run.User.(*Request).comm
	r = e.newRequest(stepRequest)
	r.run, r.comm, r.addr, r.count, r.t = run, c, addr, count, t
	r.size = count * t.Size()
	size := c.Size()
	if peer < size {
		return r, e.procs[c.group.ranks[peer]], c.rank, size + c.peers()
	}
	return r, e.procs[c.remote.ranks[peer-size]], c.peers() + c.rank, size + c.peers()
}

// A Call is a function of the user's that waits to be run. Functions run in a
// thread that is inside an MPI call, with no lock held: they may call MPI.
type Call struct {
	op        *Op
	in, inout unsafe.Pointer
	n         int
	element   *Datatype
	run       *coll.Run

	conversion *Conversion // in place of all of these
	watcher    *Watcher    // likewise
	event      Event       // of the watcher's
}

// runCalls runs the functions that wait, but for those of C, which only C can
// run (see TakeCall).
func (e *engine) runCalls() {
	for e.callCount.Load() > 0 {
		c, ok := e.takeCall(false)
		if !ok {
			return
		}
		if c.watcher != nil {
			c.watcher.fn(c.event)
			c.watcher.over()
			continue
		}
		c.op.reduce(c.in, c.inout, int64(c.n), c.element)
		e.called(c)
	}
}

func (e *engine) takeCall(external bool) (Call, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, c := range e.calls {
		if (c.External() != 0) == external && (c.watcher == nil || c.watcher.claim()) {
			e.calls = slices.Delete(e.calls, i, i+1)
			e.callCount.Store(int32(len(e.calls)))
			return c, true
		}
	}
	return Call{}, false
}

func (e *engine) called(c Call) {
	e.mu.Lock()
	c.run.Completed(nil)
	e.advanced(c.run)
	e.unlockAndWork()
}

// TakeCall is for language bindings: the next user function with an External
// token that waits to be run by its language. Done is called after it.
func TakeCall() (c Call, ok bool) {
	e := life.current.Load()
	if e == nil || e.callCount.Load() == 0 {
		return Call{}, false
	}
	return e.takeCall(true)
}

// Conversion is the conversion that the call is, nil if it is a reduction.
func (c *Call) Conversion() *Conversion { return c.conversion }

// Event is the event that the call tells of, nil if it is another call.
func (c *Call) Event() *Event {
	if c.watcher == nil {
		return nil
	}
	return &c.event
}

// External is the operation's, representation's or watcher's token, Args what an
// operation's function is called with.
func (c *Call) External() uintptr {
	switch {
	case c.conversion != nil:
		return c.conversion.Rep.External
	case c.watcher != nil:
		return c.watcher.External
	}
	return c.op.External
}

func (c *Call) Args() (in, inout unsafe.Pointer, n int, t *Datatype) {
	return c.in, c.inout, c.n, c.element
}

// Done tells the engine that the function has returned.
func (c *Call) Done() {
	if c.conversion != nil {
		c.conversion.over()
		return
	}
	if c.watcher != nil {
		c.watcher.over()
		return
	}
	c.run.User.(*Request).e.called(*c)
}
