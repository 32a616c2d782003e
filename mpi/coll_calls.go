package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/dtype"
)

// The collective calls (MPI 5.0 chapter 6): each checks its arguments and
// makes a collCall of them. Blocking calls are the nonblocking ones and a wait;
// those that end with Init make persistent requests.

// A BufferV is memory in the calls whose names end in v: Counts[i] elements of
// Type, Displs[i] extents from Addr, per rank i.
type BufferV struct {
	Addr   unsafe.Pointer
	Counts []int64
	Displs []int64
	Type   *Datatype
}

// A BufferW is memory in alltoallw: Displs are in bytes, and each rank has a
// type of its own.
type BufferW struct {
	Addr   unsafe.Pointer
	Counts []int64
	Displs []int64
	Types  []*Datatype
}

// InPlaceV and InPlaceW are InPlace for the vector calls.
var (
	InPlaceV = BufferV{Addr: unsafe.Pointer(&inPlace)}
	InPlaceW = BufferW{Addr: unsafe.Pointer(&inPlace)}
)

func (b BufferV) IsInPlace() bool { return b.Addr == unsafe.Pointer(&inPlace) }
func (b BufferW) IsInPlace() bool { return b.Addr == unsafe.Pointer(&inPlace) }

// A collPlan is a checked call: Start it, wait for it, or make it persistent.
type collPlan struct {
	c    *Comm
	call collCall
	err  error
}

func (p *collPlan) start() (*Request, error) {
	if p.err != nil {
		return nil, p.err
	}
	return p.c.begin(&p.call), nil
}

func (p *collPlan) wait() error {
	r, err := p.start()
	if err != nil {
		return err
	}
	_, err = r.Wait()
	return err
}

func (p *collPlan) init() (*Request, error) {
	if p.err != nil {
		return nil, p.err
	}
	call := p.call
	return p.c.persist(collRequest, Buffer{}, &persistent{start: func(r *Request) error {
		r.e.mu.Lock()
		r.e.run(r, &call)
		r.e.mu.Unlock()
		return nil
	}}), nil
}

// plan begins the checks of a call.
func (c *Comm) plan(k coll.Coll) *collPlan {
	p := &collPlan{c: c, err: c.check()}
	p.call.shape.Coll = k
	if p.err == nil && c.Inter() {
		p.err = errorf(ErrUnsupportedOperation, "%v on an intercommunicator is not built yet", k)
	}
	return p
}

func (p *collPlan) fail(err error) {
	if p.err == nil && err != nil {
		p.err = err
	}
}

func (p *collPlan) root(root int) {
	if p.err == nil && (root < 0 || root >= p.c.Size()) {
		p.err = errorf(ErrRoot, "the root is rank %d; the communicator has ranks 0 to %d", root, p.c.Size()-1)
	}
	p.call.shape.Root = root
}

// send and recv take a buffer. each says that it has a block per rank.
func (p *collPlan) send(b Buffer) {
	if p.checked(b.check()) {
		p.call.shape.SendCount, p.call.shape.Send = int64(b.Count), coll.LayoutOf(b.Type.t)
		p.call.args.Send, p.call.args.SendType = b.Addr, b.Type.t
	}
}

func (p *collPlan) recv(b Buffer) {
	if p.checked(b.check()) {
		p.call.shape.RecvCount, p.call.shape.Recv = int64(b.Count), coll.LayoutOf(b.Type.t)
		p.call.args.Recv, p.call.args.RecvType = b.Addr, b.Type.t
	}
}

func (p *collPlan) checked(err *Error) bool {
	if err != nil {
		p.fail(err)
	}
	return p.err == nil
}

func (p *collPlan) vectors() *coll.Vectors {
	if p.call.vectors == nil {
		p.call.vectors = &coll.Vectors{}
	}
	return p.call.vectors
}

func (p *collPlan) sendV(b BufferV, n int) {
	if p.checked(checkV(b.Counts, b.Displs, n, b.Type)) {
		v := p.vectors()
		v.SendCounts, v.SendDispls = b.Counts[:n], b.Displs[:n]
		p.call.shape.Send = coll.LayoutOf(b.Type.t)
		p.call.args.Send, p.call.args.SendType = b.Addr, b.Type.t
	}
}

func (p *collPlan) recvV(b BufferV, n int) {
	if p.checked(checkV(b.Counts, b.Displs, n, b.Type)) {
		v := p.vectors()
		v.RecvCounts, v.RecvDispls = b.Counts[:n], b.Displs[:n]
		p.call.shape.Recv = coll.LayoutOf(b.Type.t)
		p.call.args.Recv, p.call.args.RecvType = b.Addr, b.Type.t
	}
}

func checkV(counts, displs []int64, n int, t *Datatype) *Error {
	if len(counts) < n || displs != nil && len(displs) < n {
		return errorf(ErrArg, "%d counts and %d displacements for %d ranks", len(counts), len(displs), n)
	}
	for i, k := range counts[:n] {
		if k < 0 {
			return errorf(ErrCount, "count %d is %d; it must not be negative", i, k)
		}
	}
	return Buffer{Type: t}.check()
}

func checkW(b BufferW, n int) *Error {
	if len(b.Counts) < n || len(b.Displs) < n || len(b.Types) < n {
		return errorf(ErrArg, "%d counts, %d displacements and %d types for %d ranks", len(b.Counts), len(b.Displs), len(b.Types), n)
	}
	for i := range n {
		if b.Counts[i] < 0 {
			return errorf(ErrCount, "count %d is %d; it must not be negative", i, b.Counts[i])
		}
		if err := (Buffer{Type: b.Types[i]}).check(); err != nil {
			return err
		}
	}
	return nil
}

// reduction takes the buffers and the operation of a reduction.
func (p *collPlan) reduction(send, recv Buffer, op *Op) {
	if recv.Type == nil { // not significant here
		recv.Count, recv.Type = send.Count, send.Type
	}
	p.recv(recv)
	if send.IsInPlace() {
		p.call.shape.InPlace = true
	} else if p.recvOnly(send, recv); p.err == nil {
		p.call.args.Send, p.call.args.SendType = send.Addr, send.Type.t
	}
	if p.err == nil && p.checked(op.check(recv.Type, false)) {
		p.call.op, p.call.element = op, recv.Type
		p.call.shape.Commutative = op.Commutative()
	}
}

func (p *collPlan) recvOnly(send, recv Buffer) {
	if p.checked(send.check()) && send.Addr == recv.Addr && send.Addr != nil && send.Count > 0 && recv.Type.t.Size() > 0 {
		p.fail(errorf(ErrBuffer, "the send and the receive buffer are the same; use MPI_IN_PLACE"))
	}
}

// Barrier waits until all ranks have called it.
func (c *Comm) planBarrier() *collPlan {
	p := c.plan(coll.Barrier)
	p.call.args.SendType, p.call.args.RecvType = dtype.Byte.Type(), dtype.Byte.Type()
	return p
}

func (c *Comm) planBcast(b Buffer, root int) *collPlan {
	p := c.plan(coll.Bcast)
	p.root(root)
	p.recv(b)
	return p
}

// planGather: the receive buffer counts at the root only; recv.Count is of one
// block. Where it is not significant its layout is taken from the send buffer,
// so that all ranks choose by the same sizes.
func (c *Comm) planGather(send, recv Buffer, root int) *collPlan {
	p := c.plan(coll.Gather)
	p.root(root)
	if p.err != nil {
		return p
	}
	if send.IsInPlace() {
		p.call.shape.InPlace = true
		p.recv(recv)
		p.call.shape.SendCount, p.call.shape.Send = p.call.shape.RecvCount, p.call.shape.Recv
		p.call.args.SendType = p.call.args.RecvType
		return p
	}
	p.send(send)
	if c.rank == root {
		p.recv(recv)
	} else {
		p.call.args.RecvType = p.call.args.SendType
		p.call.shape.RecvCount, p.call.shape.Recv = p.call.shape.SendCount, p.call.shape.Send
	}
	return p
}

func (c *Comm) planGatherv(send Buffer, recv BufferV, root int) *collPlan {
	p := c.plan(coll.Gatherv)
	p.root(root)
	if p.err != nil {
		return p
	}
	if c.rank == root {
		p.recvV(recv, c.Size())
	}
	if send.IsInPlace() {
		p.call.shape.InPlace = true
		return p
	}
	p.send(send)
	return p
}

func (c *Comm) planScatter(send, recv Buffer, root int) *collPlan {
	p := c.plan(coll.Scatter)
	p.root(root)
	if p.err != nil {
		return p
	}
	if c.rank == root {
		p.send(send)
	}
	if recv.IsInPlace() {
		p.call.shape.InPlace = true
		p.call.shape.RecvCount, p.call.shape.Recv = p.call.shape.SendCount, p.call.shape.Send
		p.call.args.RecvType = p.call.args.SendType
		return p
	}
	p.recv(recv)
	if c.rank != root {
		p.call.args.SendType = p.call.args.RecvType
		p.call.shape.SendCount, p.call.shape.Send = p.call.shape.RecvCount, p.call.shape.Recv
	}
	return p
}

func (c *Comm) planScatterv(send BufferV, recv Buffer, root int) *collPlan {
	p := c.plan(coll.Scatterv)
	p.root(root)
	if p.err != nil {
		return p
	}
	if c.rank == root {
		p.sendV(send, c.Size())
	}
	if recv.IsInPlace() {
		p.call.shape.InPlace = true
		return p
	}
	p.recv(recv)
	return p
}

func (c *Comm) planAllgather(send, recv Buffer) *collPlan {
	p := c.plan(coll.Allgather)
	p.recv(recv)
	p.own(send)
	return p
}

// own takes a send buffer that may be in place, where the receive buffer has
// this rank's block.
func (p *collPlan) own(send Buffer) {
	if send.IsInPlace() {
		p.call.shape.InPlace = true
		p.call.shape.SendCount, p.call.shape.Send = p.call.shape.RecvCount, p.call.shape.Recv
		p.call.args.SendType = p.call.args.RecvType
		return
	}
	p.send(send)
}

func (c *Comm) planAllgatherv(send Buffer, recv BufferV) *collPlan {
	p := c.plan(coll.Allgatherv)
	if p.err != nil {
		return p
	}
	p.recvV(recv, c.Size())
	if send.IsInPlace() {
		p.call.shape.InPlace = true
		return p
	}
	p.send(send)
	return p
}

func (c *Comm) planAlltoall(send, recv Buffer) *collPlan {
	p := c.plan(coll.Alltoall)
	p.recv(recv)
	p.own(send)
	return p
}

func (c *Comm) planAlltoallv(send, recv BufferV) *collPlan {
	p := c.plan(coll.Alltoallv)
	if p.err != nil {
		return p
	}
	p.recvV(recv, c.Size())
	if send.IsInPlace() {
		p.call.shape.InPlace = true
		return p
	}
	p.sendV(send, c.Size())
	return p
}

func (c *Comm) planAlltoallw(send, recv BufferW) *collPlan {
	p := c.plan(coll.Alltoallw)
	if p.err != nil {
		return p
	}
	n := c.Size()
	p.w(send, recv, n, n)
	return p
}

func (p *collPlan) w(send, recv BufferW, out, in int) {
	p.checked(checkW(recv, in))
	if send.IsInPlace() {
		p.call.shape.InPlace = true
		send = recv
	} else {
		p.checked(checkW(send, out))
	}
	if p.err != nil {
		return
	}
	v := p.vectors()
	v.SendCounts, v.SendDispls = send.Counts[:out], send.Displs[:out]
	v.RecvCounts, v.RecvDispls = recv.Counts[:in], recv.Displs[:in]
	for _, t := range send.Types[:out] {
		v.SendTypes = append(v.SendTypes, coll.LayoutOf(t.t))
		p.call.args.Types = append(p.call.args.Types, t.t)
	}
	for _, t := range recv.Types[:in] {
		v.RecvTypes = append(v.RecvTypes, coll.LayoutOf(t.t))
		p.call.args.Types = append(p.call.args.Types, t.t)
	}
	p.call.args.Send, p.call.args.Recv = send.Addr, recv.Addr
}

func (c *Comm) planReduce(send, recv Buffer, op *Op, root int) *collPlan {
	p := c.plan(coll.Reduce)
	p.root(root)
	if p.err != nil {
		return p
	}
	if c.rank != root { // only the root's receive buffer counts
		recv = Buffer{Count: send.Count, Type: send.Type}
	}
	p.reduction(send, recv, op)
	return p
}

func (c *Comm) planAllreduce(send, recv Buffer, op *Op) *collPlan {
	return c.planReduction(coll.Allreduce, send, recv, op)
}

// planReduction is every reduction without a root and with one count.
func (c *Comm) planReduction(k coll.Coll, send, recv Buffer, op *Op) *collPlan {
	p := c.plan(k)
	if p.err == nil {
		p.reduction(send, recv, op)
	}
	return p
}

func (c *Comm) planReduceScatter(send, recv Buffer, counts []int64, op *Op) *collPlan {
	p := c.planReduction(coll.ReduceScatter, send, recv, op)
	if p.err == nil && p.checked(checkV(counts, nil, c.Size(), recv.Type)) {
		p.vectors().RecvCounts = counts[:c.Size()]
		p.call.shape.RecvCount = 0
	}
	return p
}
