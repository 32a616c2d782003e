package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// Partitioned communication (MPI 5.0 chapter 4): a persistent message whose
// parts leave as the sender says that they are ready.
//
// The two sides find each other once, "in the order in which the initialization
// calls were made" of one communicator, source and tag: the sender makes a
// context for the pair and sends it in a first message. From then on every
// partition of the sender is a message of its own in that context, with the
// partition in the place of the source, so that the order in which they become
// ready costs nothing. The sides may have different numbers of partitions: the
// receiver places the sender's, and looks which of them cover its own.

// partitioned is what such a request has beside a persistent one.
type partitioned struct {
	r      *Request // nil: freed
	sender bool
	parts  int // of this side
	peer   int
	tag    int

	hello [3]int64  // context, partitions and bytes of each, as the sender says
	met   bool      // hello is there
	ctx   contextID // hello[0]

	begun   []bool // by the sender's partitions: sent, or received, in this round
	left    int    // of the sender's partitions in this round
	waiting bool   // the receiver was started before hello was there
	err     error
}

// PsendInit makes a partitioned send of partitions times b.Count elements
// (MPI_Psend_init). Start begins a round, Pready lets a part go, and Wait ends
// the round when all have gone.
func (c *Comm) PsendInit(b Buffer, partitions, dest, tag int) (*Request, error) {
	if err := c.checkSend(b, dest, tag); err != nil {
		return nil, err
	}
	if err := checkPartitions(partitions); err != nil {
		return nil, err
	}
	ctx, err := c.e.newContext()
	if err != nil {
		return nil, err
	}
	p := &partitioned{sender: true, parts: partitions, peer: dest, tag: tag, met: true, ctx: ctx, begun: make([]bool, partitions)}
	p.hello = [3]int64{int64(ctx), int64(partitions), int64(b.Count) * b.Type.t.Size()}
	r := c.partition(p, b)
	e := c.e
	e.mu.Lock()
	hello := p.greeting(e, sendRequest)
	e.startSend(hello, Standard, dest, tag, c.ctx+partContext)
	e.mu.Unlock()
	return r, nil
}

// PrecvInit is the receiving side (MPI_Precv_init). There are no wildcards.
func (c *Comm) PrecvInit(b Buffer, partitions, source, tag int) (*Request, error) {
	err := c.checkRecv(b, source, tag)
	switch {
	case err != nil:
	case source == AnySource:
		err = errorf(ErrRank, "a partitioned receive does not take MPI_ANY_SOURCE")
	case tag == AnyTag:
		err = errorf(ErrTag, "a partitioned receive does not take MPI_ANY_TAG")
	}
	if err == nil {
		err = checkPartitions(partitions)
	}
	if err != nil {
		return nil, err
	}
	p := &partitioned{parts: partitions, peer: source, tag: tag}
	r := c.partition(p, b)
	if source == ProcNull {
		return r, nil
	}
	e := c.e
	e.mu.Lock()
	hello := p.greeting(e, recvRequest)
	hello.then = func(err error) { p.meet(e, err) }
	e.startRecv(hello, source, tag, c.ctx+partContext)
	e.mu.Unlock()
	return r, nil
}

func checkPartitions(n int) error {
	if n < 0 {
		return errorf(ErrArg, "%d partitions", n)
	}
	return nil
}

// partition makes the request. b is one partition of this side.
func (c *Comm) partition(p *partitioned, b Buffer) *Request {
	b.Count *= p.parts
	r := c.persist(partRequest, b, &persistent{start: p.start})
	r.part, p.r = p, r
	return r
}

// greeting is the request for hello. mu is held.
func (p *partitioned) greeting(e *engine, kind requestKind) *Request {
	r := e.newRequest(kind)
	r.bind(p.r.comm, Slice(p.hello[:]))
	r.detached = true
	return r
}

// meet is the end of the receiver's greeting. mu is held.
func (p *partitioned) meet(e *engine, err error) {
	p.met, p.err = true, err
	p.ctx = contextID(p.hello[0])
	p.begun = make([]bool, p.hello[1])
	if p.waiting && p.r != nil {
		p.receive(e)
	}
}

// start begins a round.
func (p *partitioned) start(r *Request) error {
	e := r.e
	e.mu.Lock()
	defer e.unlockAndWork()
	clear(p.begun)
	p.left = len(p.begun)
	switch {
	case p.peer == ProcNull:
		r.status = Status{Source: ProcNull, Tag: AnyTag}
		e.complete(r, nil)
	case p.sender && p.left == 0:
		e.complete(r, nil)
	case p.sender:
	case p.met:
		p.receive(e)
	default:
		p.waiting = true
	}
	return nil
}

// receive posts the receives of a round. mu is held.
func (p *partitioned) receive(e *engine) {
	p.waiting = false
	r, each := p.r, p.hello[2]
	r.status.Source, r.status.Tag, r.status.bytes = p.peer, p.tag, 0
	p.left = len(p.begun)
	if p.left == 0 || p.err != nil {
		e.complete(r, p.err)
		return
	}
	for i := range p.begun {
		part := p.piece(e, recvRequest, int64(i)*each, each)
		part.to = r.comm.proc(p.peer)
		part.then = func(err error) {
			r.status.bytes += min(each, part.size)
			p.ended(e, i, err)
		}
		e.startRecvFrom(part, i, 0, p.ctx, len(p.begun))
	}
}

// piece is a request for size bytes of the buffer's data from off on; for less
// where the buffer ends.
func (p *partitioned) piece(e *engine, kind requestKind, off, size int64) *Request {
	r, whole := e.newRequest(kind), p.r
	r.comm, r.detached = whole.comm, true
	r.addr, r.count, r.t, r.skip = whole.addr, whole.count, whole.t, off
	if r.size = max(0, min(size, whole.size-off)); r.size > 0 && whole.t.Contiguous() {
		r.addr, r.count, r.t, r.skip = unsafe.Add(whole.addr, off), r.size, dtype.Byte.Type(), 0
	}
	return r
}

// ended notes the end of one of the sender's partitions. mu is held.
func (p *partitioned) ended(e *engine, i int, err error) {
	if err != nil && p.err == nil {
		p.err = err
	}
	if !p.sender {
		p.begun[i] = true
		e.wait.changed() // for Parrived
	}
	if p.left--; p.left == 0 && p.r != nil {
		err, p.err = p.err, nil
		e.complete(p.r, err)
	}
}

// drop is the end of the request; messages that come later stay in the context.
// mu is held.
func (p *partitioned) drop(e *engine) {
	p.r = nil
	if p.met {
		e.forget(p.ctx)
	}
}

// Pready lets one partition of an active send go (MPI_Pready).
func (r *Request) Pready(partition int) error { return r.PreadyRange(partition, partition) }

// PreadyRange is Pready of low to high, both included (MPI_Pready_range).
func (r *Request) PreadyRange(low, high int) error {
	p, err := r.partitions("MPI_Pready", true)
	if err != nil {
		return err
	}
	e := r.e
	e.mu.Lock()
	defer e.unlockAndWork()
	if !r.active {
		return errorf(ErrRequest, "the partitioned send is not active; start it before its partitions are ready")
	}
	if low < 0 || high >= p.parts || low > high {
		return errorf(ErrArg, "partitions %d to %d are ready; the send has 0 to %d", low, high, p.parts-1)
	}
	for i := low; i <= high; i++ {
		if p.begun[i] {
			return errorf(ErrArg, "partition %d was ready already in this round", i)
		}
		p.begun[i] = true
		if p.peer != ProcNull {
			p.send(e, i)
		}
	}
	return nil
}

// PreadyList is Pready of each (MPI_Pready_list).
func (r *Request) PreadyList(list []int) error {
	for _, i := range list {
		if err := r.Pready(i); err != nil {
			return err
		}
	}
	return nil
}

// send sends the sender's partition i. mu is held.
func (p *partitioned) send(e *engine, i int) {
	part := p.piece(e, sendRequest, int64(i)*p.hello[2], p.hello[2])
	part.then = func(err error) { p.ended(e, i, err) }
	e.startSendTo(part, Standard, part.comm.proc(p.peer), i, 0, p.ctx)
}

// Parrived reports whether a partition of a receive is there (MPI_Parrived); of
// one that is not active, "flag = true".
func (r *Request) Parrived(partition int) (bool, error) {
	p, err := r.partitions("MPI_Parrived", false)
	if err != nil {
		return false, err
	}
	if partition < 0 || partition >= p.parts {
		return false, errorf(ErrArg, "partition %d; the receive has 0 to %d", partition, p.parts-1)
	}
	if r.Done() || p.arrived(partition) {
		return true, nil
	}
	r.e.step()
	return r.Done() || p.arrived(partition), nil
}

// arrived reports whether all of the sender's partitions that cover this one
// are there.
func (p *partitioned) arrived(partition int) bool {
	e := p.r.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if !p.met || p.waiting {
		return false
	}
	each, mine := p.hello[2], p.r.size/int64(p.parts)
	if each == 0 {
		return p.left == 0
	}
	from := int64(partition) * mine
	for i := from / each; i < int64(len(p.begun)) && i*each < from+mine; i++ {
		if !p.begun[i] {
			return false
		}
	}
	return true
}

func (r *Request) partitions(call string, sender bool) (*partitioned, error) {
	if r == nil || r.part == nil || r.part.sender != sender {
		return nil, errorf(ErrRequest, "the request of %s is null, or not of the right kind of partitioned communication", call)
	}
	return r.part, nil
}
