package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/coll"
)

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

// IsInPlace reports whether b is InPlaceV.
func (b BufferV) IsInPlace() bool { return b.Addr == unsafe.Pointer(&inPlace) }

// IsInPlace reports whether b is InPlaceW.
func (b BufferW) IsInPlace() bool { return b.Addr == unsafe.Pointer(&inPlace) }

// A collPlan is a collective call while its arguments are checked: then it is
// started, waited for, or made persistent. The first error stays and makes the
// other steps do nothing.
//
// A communicator has one, which each call uses anew: threads must not call
// collectives on one communicator at the same time (MPI 5.0 section 11.6.2).
type collPlan struct {
	c    *Comm
	call collCall
	v    coll.Vectors // call.vectors points here
	err  error

	// The part of this rank in a rooted operation: it is the root, it is one of
	// those on the other side, or both.
	root, leaf bool
}

// plan begins a call.
func (c *Comm) plan(k coll.Coll) *collPlan {
	if err := c.check(); err != nil {
		return &collPlan{err: err}
	}
	p := &c.coll.plan
	*p = collPlan{c: c}
	p.call.shape.Coll = k
	if c.Inter() && !k.HasInter() {
		p.err = errorf(ErrComm, "%v is not defined on an intercommunicator", k)
	}
	return p
}

// start begins the operation.
func (p *collPlan) start() (*Request, error) {
	if p.own(); p.err != nil {
		return nil, p.err
	}
	return p.c.begin(&p.call), nil
}

// wait begins it and waits for its end.
func (p *collPlan) wait() error {
	r, err := p.block()
	if err != nil {
		return err
	}
	_, err = r.Wait()
	return err
}

// block begins the operation for a caller that waits for its end.
func (p *collPlan) block() (*Request, error) {
	if p.err != nil || !p.meets() {
		return p.start()
	}
	if p.own(); p.err != nil {
		return nil, p.err
	}
	e := p.c.e
	e.mu.Lock()
	r := e.newRequest(collRequest)
	r.comm = p.c
	e.beginFlat(r, &p.call, !p.flat())
	e.unlockAndWork()
	return r, nil
}

// then begins it and runs f at its end, with mu held, in place of a request.
func (p *collPlan) then(f func(error)) error {
	if p.own(); p.err != nil {
		return p.err
	}
	e := p.c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.newRequest(collRequest)
	r.comm, r.then, r.detached = p.c, f, true
	e.run(r, &p.call)
	return nil
}

// persistent makes a request that begins it whenever it is started. The
// schedule is settled now: the caller's counts may change afterwards.
func (p *collPlan) persistent() (*Request, error) {
	if p.own(); p.err != nil {
		return nil, p.err
	}
	call := p.call
	e := p.c.e
	e.mu.Lock()
	call.schedule, call.tag = p.c.schedules().Schedule(call.shape, call.vectors), p.c.drawKeptTag()
	e.mu.Unlock()
	call.vectors = nil
	return p.c.persist(collRequest, Buffer{}, &persistent{start: func(r *Request) error {
		e.mu.Lock()
		e.run(r, &call)
		e.mu.Unlock()
		return nil
	}}), nil
}

func (p *collPlan) fail(c Class, format string, args ...any) {
	if p.err == nil {
		p.err = errorf(c, format, args...)
	}
}

// ok notes an error and reports whether there is none so far.
func (p *collPlan) ok(err *Error) bool {
	if p.err == nil && err != nil {
		p.err = err
	}
	return p.err == nil
}

// rooted takes the root. In an intercommunicator the root gives Root, the others
// of its group ProcNull, and the other group the root's rank (section 6.2.3).
func (p *collPlan) rooted(root int) {
	if p.err != nil {
		return
	}
	p.call.shape.Root = root
	n := p.c.peers()
	if p.c.Inter() && (root == Root || root == ProcNull) {
		p.root = root == Root
		return
	}
	if root < 0 || root >= n {
		p.fail(ErrRoot, "the root is rank %d; the communicator has ranks 0 to %d", root, n-1)
	}
	p.leaf = true
	p.root = !p.c.Inter() && root == p.c.rank
}

// inPlace takes MPI_IN_PLACE.
func (p *collPlan) inPlace() {
	if p.err == nil && p.c.Inter() {
		p.fail(ErrBuffer, "MPI_IN_PLACE has no meaning on an intercommunicator")
	}
	p.call.shape.InPlace = true
}

func (p *collPlan) send(b Buffer) {
	if p.placed(b.Addr) && p.ok(b.check()) {
		p.call.shape.SendCount, p.call.shape.Send = int64(b.Count), coll.LayoutOf(b.Type.t)
		p.call.args.Send, p.call.args.SendType = b.Addr, b.Type.t
	}
}

func (p *collPlan) recv(b Buffer) {
	if p.placed(b.Addr) && p.ok(b.check()) {
		p.call.shape.RecvCount, p.call.shape.Recv = int64(b.Count), coll.LayoutOf(b.Type.t)
		p.call.args.Recv, p.call.args.RecvType = b.Addr, b.Type.t
	}
}

// sendV and recvV take a buffer with n blocks.
func (p *collPlan) sendV(b BufferV, n int) {
	if p.placed(b.Addr) && p.ok(b.check(n)) {
		p.call.vectors = &p.v
		p.v.SendCounts, p.v.SendDispls = b.Counts[:n], b.Displs[:n]
		p.call.shape.Send = coll.LayoutOf(b.Type.t)
		p.call.args.Send, p.call.args.SendType = b.Addr, b.Type.t
	}
}

func (p *collPlan) recvV(b BufferV, n int) {
	if p.placed(b.Addr) && p.ok(b.check(n)) {
		p.call.vectors = &p.v
		p.v.RecvCounts, p.v.RecvDispls = b.Counts[:n], b.Displs[:n]
		p.call.shape.Recv = coll.LayoutOf(b.Type.t)
		p.call.args.Recv, p.call.args.RecvType = b.Addr, b.Type.t
	}
}

// placed refuses MPI_IN_PLACE where it stands for nothing.
func (p *collPlan) placed(addr unsafe.Pointer) bool {
	if addr == unsafe.Pointer(&inPlace) {
		p.fail(ErrBuffer, "MPI_IN_PLACE is not allowed for this buffer of %v at rank %d", p.call.shape.Coll, p.c.rank)
	}
	return p.err == nil
}

func (b BufferV) check(n int) *Error {
	if err := checkV(b.Counts, b.Displs, n); err != nil {
		return err
	}
	most := int64(0)
	for _, k := range b.Counts[:n] {
		most = max(most, k)
	}
	return Buffer{Addr: b.Addr, Count: int(most), Type: b.Type}.check()
}

func checkV(counts, displs []int64, n int) *Error {
	if len(counts) < n || len(displs) < n {
		return errorf(ErrArg, "%d counts and %d displacements for %d ranks", len(counts), len(displs), n)
	}
	return checkCounts(counts[:n])
}

func checkCounts(counts []int64) *Error {
	for i, k := range counts {
		if k < 0 {
			return errorf(ErrCount, "count %d is %d; it must not be negative", i, k)
		}
	}
	return nil
}

// sendW and recvW take a buffer with n blocks that have types of their own. The
// list of types is the run's, so it is new each time.
func (p *collPlan) sendW(b BufferW, n int) {
	if p.placed(b.Addr) && p.ok(checkW(b, n)) {
		p.call.vectors = &p.v
		p.v.SendCounts, p.v.SendDispls = b.Counts[:n], b.Displs[:n]
		p.v.SendTypes = p.types(b.Types[:n])
		p.call.args.Send = b.Addr
	}
}

func (p *collPlan) recvW(b BufferW, n int) {
	if p.placed(b.Addr) && p.ok(checkW(b, n)) {
		p.call.vectors = &p.v
		p.v.RecvCounts, p.v.RecvDispls = b.Counts[:n], b.Displs[:n]
		p.v.RecvTypes = p.types(b.Types[:n])
		p.call.args.Recv = b.Addr
	}
}

func (p *collPlan) types(ts []*Datatype) []coll.Layout {
	layouts := make([]coll.Layout, len(ts))
	for i, t := range ts {
		layouts[i] = coll.LayoutOf(t.t)
		p.call.args.Types = append(p.call.args.Types, t.t)
	}
	return layouts
}

func checkW(b BufferW, n int) *Error {
	if len(b.Types) < n {
		return errorf(ErrArg, "%d types for %d ranks", len(b.Types), n)
	}
	if err := checkV(b.Counts, b.Displs, n); err != nil {
		return err
	}
	for i := range n {
		if err := (Buffer{Type: b.Types[i]}).check(); err != nil {
			return err
		}
	}
	return nil
}
