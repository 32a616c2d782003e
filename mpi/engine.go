package mpi

import (
	"sync"
	"sync/atomic"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/match"
	"rainmpi/mpi/internal/shm"
	"rainmpi/rainnet"
	"rainmpi/rainnet/wire"
)

// An engine is one process's end of a job: whom it can talk to, what it waits
// for, and the only place where messages move. Everything in it is guarded by
// mu but for what says otherwise; user code never runs with mu held.
type engine struct {
	mu lock

	self  identity
	rank  int                   // of this process in the world
	procs []*proc               // this world's by rank, procs[rank] is this process; then those of other worlds (identity.go)
	known map[wire.PeerID]*proc // those of other worlds
	hosts []string
	here  int // of this process
	slots int // MPI_UNIVERSE_SIZE
	app   int // MPI_APPNUM

	boot *agent  // nil in a singleton
	net  *net    // rails; nil if the job is on one host
	mem  *memory // nil if there is nobody else on this host

	spaces      [][]*space          // by a context's owner and number; nil where nothing was ever posted or sent
	owners      map[wire.PeerID]int // places in spaces of owners from other jobs
	numbered    uint64              // plain eager messages of the user's: the last one's number
	nextContext contextID           // the number of the next one that this process makes
	requests    table               // requests that a peer may name
	free        *Request            // the pool
	freeMsg     *message
	scratch     []byte // for what is neither contiguous nor in place
	work        workQueue

	wins    map[contextID]*Win // that are not freed
	freeRMA *remote
	watched bool          // a background reader runs
	soon    chan struct{} // it is to look soon: see hurry
	files   filePool
	ended   atomic.Bool

	goesOn bool     // a failure does not end the job
	gone   sync.Map // ids of processes of the job that have failed; for who holds mu and waits, too
	failed []int32  // those of procs, in the order in which it was told
	comms  commSet

	wait   *waiting
	visits atomic.Uint32 // of progress

	parents       []int32 // places in procs of those that spawned this process; nil: nobody has
	parentContext contextID

	tethers   []*tether // to the roots of other jobs
	reporting sync.Mutex
	reported  []int // what the agent knows of ties; guarded by reporting

	bsends BsendBuffer // of the process
	world  *Comm       // also where MPI_Init was not called

	runs      coll.Pool    // of collectives
	underWay  underWay     // requests of collectives
	flats     []*Request   // flat collectives under way
	calls     []Call       // functions of the user's that wait to be run
	callCount atomic.Int32 // their number, for those who do not hold mu

	options options
	traffic *traffic // in table
	table   *EngineTable
	shown   map[contextID]*Comm // that have a table
	posted  [Tickets]*Request   // of tickets that the binding has left to the engine
	faults  [Tickets]error      // of those that failed
}

// A space is the matching state of a context.
type space = match.Space[*Request, *message]

// A message has arrived before its receive.
type message struct {
	node match.Arrival[*message]
	head header
	from *proc
	data []byte   // eager: a copy; rts inside a host: where the data is
	self *Request // rts to oneself: the send
	next *message // in the pool
}

// A proc is one process, as seen from this one.
type proc struct {
	index int         // in engine.procs; in this world its rank
	id    wire.PeerID // the same for everybody
	host  wire.PeerID // equal for processes that share memory: the id of the first of them

	// At most one of these ways leads there; none leads to oneself.
	peer  *rainnet.Peer // another host
	in    *shm.Reader   // this host
	out   *shm.Writer
	local int // rank among those of this host
	types typeSlots

	link    *Link    // to a rank of this host; in and out are parts of it
	queue   outgoing // envelopes and answers that found no room, in order
	streams outgoing // data of rendezvous inside the host
	pace    pace     // of what comes from there
	shares  [shm.Cuts]share
	turns   uint32 // sends and receives that were tried the short way
	sends   int    // messages that wait for an answer from there, which have not ended

	foreign *foreign // of another world; nil: of this one

	failed bool  // see failure.go
	choked bool  // it asked for no eager messages
	held   int64 // bytes of its unexpected messages, here
	choker bool  // this process asked it for no eager messages
}

// options are the thresholds that measurement may change.
type options struct {
	eagerLocal int64 // longest eager message inside a host, bytes
	eagerRail  int64 // longest eager message between hosts, bytes
	backlog    int64 // unacknowledged eager bytes to one peer before sends wait
	held       int64 // unexpected bytes from one peer before it is choked
}

func defaultOptions() options {
	return options{eagerLocal: 16 << 10, eagerRail: 16 << 10, backlog: 1 << 20, held: 4 << 20}
}

// progress moves everything that can move now and reports whether anything
// did. It is called with mu held.
func (e *engine) progress() bool {
	e.visits.Add(1)
	return e.move()
}

// move is progress of who is no caller that has just come.
func (e *engine) move() bool {
	worked := false
	if e.mem != nil {
		worked = e.mem.poll(e)
	}
	if e.net != nil && e.net.due(worked) {
		worked = e.net.poll() || worked
	}
	if len(e.flats) > 0 {
		worked = e.advanceFlats() || worked
	}
	if worked {
		e.wait.set.Moved++
	}
	return worked
}

// advance makes progress once, unless another thread is at it, and reports whether anything moved.
func (e *engine) advance() (worked bool) {
	if !e.mu.TryLock() {
		return false
	}
	worked = e.progress()
	e.mu.Unlock()
	e.handOn()
	return worked
}

// handOn wakes threads of this rank that sleep beside work, after this one has given up the lock and before it
// goes, as it may need nothing more. Another one may have looked at the word in which a ring's next record
// was to come, when that record had been taken, or the end of the ring passed, and WaitSet.Words did not say yet
// which word is the next: the record there has a sender that saw nobody asleep. Giving up the lock is a full
// barrier, and the other counts itself asleep before it looks: it sees the new word, or is seen asleep.
func (e *engine) handOn() {
	if s := e.wait.set; s.Sleep.Load() != 0 && s.ready(atomic.LoadUint32(&s.Events)) {
		e.wait.rouse()
	}
}

// deliver takes a packet from a peer. payload is valid during the call.
func (e *engine) deliver(p *proc, h header, payload []byte) {
	switch h.kind {
	case kindEager, kindRTS:
		e.arrive(p, h, payload)
	case kindCTS:
		if r := e.requests.at(h.id); r != nil {
			p.mayAnswer(r, h)
			e.sendGranted(p, r, h.size, int64(h.tag)*fetchPiece)
		} else { // of a collective that this rank has given up
			class := ErrNotSame
			if len(e.failed) > 0 {
				class = ErrProcFailed
			}
			e.answer(p, header{kind: kindFault, id: h.size, tag: int32(class)})
		}
	case kindShare:
		if r := e.requests.at(h.id); r != nil {
			p.mayAnswer(r, h)
			e.helpShare(p, r, h)
		}
	case kindShared:
		s := p.mayShare(h)
		s.told = int64(h.size)
		e.shared(p, s)
	case kindData:
		if r := e.requests.at(h.id); r != nil {
			p.mayBring(r, h, payload)
			e.place(p, r, h, payload)
		}
	case kindFin, kindAck:
		if r := e.requests.at(h.id); r != nil {
			p.mayAnswer(r, h)
			e.complete(r, nil)
		}
	case kindPut, kindPutRTS, kindGet, kindAcc, kindFetch, kindSwap:
		e.accessed(p, h, payload)
	case kindFlush, kindFlushed, kindLock, kindGranted, kindUnlock, kindPost, kindDone:
		if w := e.window(h.ctx); w != nil { // else an unlock that came after the window's end
			p.maySynchronize(w, h)
			e.synchronized(h)
		}
	case kindFault:
		if r := e.requests.at(h.id); r != nil {
			if r.kind == stepRequest && p.peer != nil {
				p.peer.Forget(h.id)
			}
			err := faultOf(h)
			if r.comm != nil && r.comm.revoked.Load() {
				err = errRevoked()
			}
			e.complete(r, err)
		}
	case kindType:
		p.must(int(h.tag) <= len(p.types.partial), h)
		p.types.receive(h, payload)
	case kindRevoke:
		if c := e.comms.at(h.ctx); c != nil {
			e.revoke(c)
			e.wait.changed()
		}
	case kindLeave:
		p.must(p.foreign != nil, h)
		p.foreign.leaves = true
		e.wait.changed()
	case kindCancel:
		e.takeBack(p, h)
	case kindCancelled:
		if r := e.requests.at(h.id); r != nil {
			p.mayAnswer(r, h)
			e.cancelled(r)
		}
	case kindChoke:
		p.choked = true
		p.gate()
	case kindUnchoke:
		p.choked = false
		p.gate()
	}
}

// arrive pairs an envelope with a receive, or keeps it until one is posted.
func (e *engine) arrive(p *proc, h header, payload []byte) {
	s := e.space(h.ctx, int(h.src)+1)
	if recv := s.Match(h.src, h.tag); recv != nil {
		e.accept(recv.Value, p, h, payload, nil)
		return
	}
	if h.sign != 0 && e.strays(h) {
		return
	}
	m := e.newMessage()
	m.head, m.from = h, p
	m.data = append(m.data[:0], payload...)
	m.node.Source, m.node.Tag, m.node.Value = h.src, h.tag, m
	s.Arrive(&m.node)
	e.hold(p, int64(len(payload)))
	e.wait.changed()
}

// hold counts unexpected bytes; past the bound the sender is asked to keep
// its payloads. Envelopes always flow, so a correct program never deadlocks
// on the bound.
func (e *engine) hold(p *proc, n int64) {
	p.held += n
	if p.held > e.options.held && !p.choker && p.index != e.rank {
		p.choker = true
		e.answer(p, header{kind: kindChoke})
	}
	if p.choker && p.held < e.options.held/2 {
		p.choker = false
		e.answer(p, header{kind: kindUnchoke})
	}
}

// accept gives a matched message to its receive. It is the one place where
// every kind of first packet meets its receive, posted before or after.
func (e *engine) accept(r *Request, p *proc, h header, payload []byte, self *Request) {
	if h.sign != 0 && r.kind == stepRequest && h.sign != r.run.Sign() {
		class := ErrNotSame
		if int64(h.size) > r.size {
			class = ErrTruncate
		}
		e.giveUp(r.run, h, class)
		e.complete(r, nil)
		return
	}
	if len(e.failed) > 0 {
		r.done.CompareAndSwap(stalled, underWayStill)
		if p.failed && h.kind == kindRTS && self == nil { // its data is lost
			e.complete(r, r.comm.failedError(p))
			return
		}
	}
	e.traffic.received++
	e.traffic.receivedBytes += h.size
	r.status.Source, r.status.Tag = int(h.src), int(h.tag)
	r.status.bytes = min(int64(h.size), r.size)
	if int64(h.size) > r.size {
		r.err = errorf(ErrTruncate, "a message of %d bytes from rank %d with tag %d for a buffer of %d bytes; receive with a larger count",
			h.size, h.src, h.tag, r.size)
	}
	if int64(h.size) < r.size && r.kind == recvRequest && r.torn(int64(h.size)) {
		r.err = errorf(ErrType, "a message of %d bytes from rank %d with tag %d ends inside an element of the receive's datatype; send what the receive's elements are",
			h.size, h.src, h.tag)
	}
	if int64(h.size) < r.size && r.kind == stepRequest {
		r.err = errorf(ErrNotSame, "rank %d sent %d bytes, and this rank's counts and types say %d; give all ranks what fits together",
			h.src, h.size, r.size)
	}
	switch {
	case self != nil:
		e.copySelf(r, self)
	case h.kind == kindEager:
		r.WriteAt(payload, 0)
		if h.sync {
			e.answer(p, header{kind: kindAck, id: h.id})
		}
		e.complete(r, r.err)
	default:
		e.grant(r, p, h, payload)
	}
}

// grant starts the transfer of a message whose data waits at the sender.
func (e *engine) grant(r *Request, p *proc, h header, payload []byte) {
	r.total = int64(h.size)
	if p.peer == nil {
		n, addr := min(int64(h.size), r.size), e.mem.source(p, payload)
		quick := p.pace.streams(n)
		if n == 0 || addr != 0 && !(quick && e.mem.streams(p, n)) {
			e.fetch(r, p, h, addr, quick)
			return
		}
	}
	e.clearToSend(r, p, h, 0)
}

// clearToSend has the sender send the data from off on, a multiple of fetchPiece: what comes before is here.
func (e *engine) clearToSend(r *Request, p *proc, h header, off int64) {
	r.id = e.requests.add(r)
	r.moved, r.put, r.got = off, 0, 0
	r.streamed = r.total - off
	if p.peer != nil {
		p.peer.Expect(r.id, r.total, r)
	}
	e.answer(p, header{kind: kindCTS, id: h.id, size: r.id, tag: int32(off / fetchPiece)})
}

// place puts data that p has sent through its ring where it belongs.
func (e *engine) place(p *proc, r *Request, h header, data []byte) {
	start := now()
	r.WriteAt(data, int64(h.size))
	r.put += int64(h.tag)
	r.got += now() - start
	if r.moved+int64(len(data)) == r.total {
		p.pace.cameStreamed(r)
	}
	r.came(int64(len(data)))
}

// came counts rendezvous data that was placed and ends the receive with it.
func (r *Request) came(n int64) {
	r.moved += n
	if r.moved == r.total {
		r.e.complete(r, r.err)
	}
}

// newMessage takes from the pool; its data keeps its capacity.
func (e *engine) newMessage() *message {
	m := e.freeMsg
	if m == nil {
		return &message{}
	}
	e.freeMsg = m.next
	m.next = nil
	return m
}

// drop gives a message back after it was accepted.
func (e *engine) drop(m *message) {
	e.hold(m.from, -int64(len(m.data)))
	if cap(m.data) > 64<<10 {
		m.data = nil
	}
	m.from, m.self, m.next = nil, nil, e.freeMsg
	e.freeMsg = m
}
