package mpi

import (
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/redop"
)

// A Place is where an operation goes: Count elements of Type at displacement
// Disp of the window of process Rank. Without a Type it has the count and the
// datatype of the origin.
type Place struct {
	Rank  int
	Disp  int64
	Count int
	Type  *Datatype
}

// Put copies origin to the target (MPI_Put, section 12.3.1). origin must not be
// changed before the operation is completed by a synchronization call.
func (w *Win) Put(origin Buffer, to Place) error {
	_, err := w.put(origin, to, false)
	return err
}

// Get copies from the target to origin (MPI_Get, section 12.3.2).
func (w *Win) Get(origin Buffer, from Place) error {
	_, err := w.get(origin, from, false)
	return err
}

// Accumulate combines the target with origin: each element there becomes
// itself op origin's, atomically (MPI_Accumulate, section 12.3.4).
func (w *Win) Accumulate(origin Buffer, to Place, op *Op) error {
	_, err := w.accumulate(origin, to, op, false)
	return err
}

// GetAccumulate is Accumulate that also gives what was there before
// (MPI_Get_accumulate). With NoOp origin is not looked at.
func (w *Win) GetAccumulate(origin, result Buffer, at Place, op *Op) error {
	_, err := w.getAccumulate(origin, result, at, op, false)
	return err
}

// FetchAndOp is GetAccumulate of one element of a predefined datatype
// (MPI_Fetch_and_op).
func (w *Win) FetchAndOp(origin, result unsafe.Pointer, t *Datatype, rank int, disp int64, op *Op) error {
	one := Buffer{Addr: result, Count: 1, Type: t}
	_, err := w.getAccumulate(Buffer{Addr: origin, Count: 1, Type: t}, one, Place{rank, disp, 1, t}, op, false)
	return err
}

// Rput, Rget, Raccumulate and RgetAccumulate give a request that ends when
// origin and result can be used again (section 12.3.5). At the target the
// operation is complete after a flush or the end of the epoch.
func (w *Win) Rput(origin Buffer, to Place) (*Request, error)   { return w.put(origin, to, true) }
func (w *Win) Rget(origin Buffer, from Place) (*Request, error) { return w.get(origin, from, true) }
func (w *Win) Raccumulate(origin Buffer, to Place, op *Op) (*Request, error) {
	return w.accumulate(origin, to, op, true)
}
func (w *Win) RgetAccumulate(origin, result Buffer, at Place, op *Op) (*Request, error) {
	return w.getAccumulate(origin, result, at, op, true)
}

// prepare checks an operation. t is nil if there is nothing to do.
func (w *Win) prepare(origin Buffer, at *Place) (t *target, err error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if err := origin.check(); err != nil {
		return nil, err
	}
	if at.Type == nil {
		at.Count, at.Type = origin.Count, origin.Type
	}
	if at.Count < 0 {
		return nil, errorf(ErrCount, "the target's count is %d; it must not be negative", at.Count)
	}
	if err := at.Type.checkCommitted(); err != nil {
		return nil, err
	}
	t, err = w.target(at.Rank)
	if t == nil || err != nil {
		return nil, err
	}
	there, here := int64(at.Count)*at.Type.t.Size(), int64(origin.Count)*origin.Type.t.Size()
	if there != here {
		return nil, errorf(ErrTruncate, "%d bytes at the origin, %d at the target; they must be the same", here, there)
	}
	at.Disp *= t.unit
	return t, t.checkRange(at.Disp, int64(at.Count), at.Type.t)
}

// target is the target of that rank if an epoch allows operations on it; nil
// for ProcNull.
func (w *Win) target(rank int) (*target, error) {
	if rank == ProcNull {
		return nil, nil
	}
	t, err := w.peer(rank)
	if err != nil {
		return nil, err
	}
	if w.access.Load() == 0 && t.epoch.Load() == 0 {
		return nil, errorf(ErrRMASync, "no epoch gives access to rank %d; begin one with MPI_Win_fence, start or lock", rank)
	}
	return t, nil
}

// checkRange finds accesses outside the window. Of dynamic windows only the
// target knows what is attached.
func (t *target) checkRange(disp, count int64, tt *dtype.Type) error {
	if t.win.flavor == FlavorDynamic {
		return nil
	}
	lo, hi := tt.Span(count)
	if disp+lo < 0 || disp+hi > t.size {
		return errorf(ErrRMARange, "bytes %d to %d of the window of rank %d, which has %d", disp+lo, disp+hi, t.rank, t.size)
	}
	return nil
}

// here is where displacement disp of mapped memory is.
func (t *target) here(disp, count int64, tt *dtype.Type) (unsafe.Pointer, error) {
	if t.win.flavor != FlavorDynamic {
		return unsafe.Add(t.base, disp), nil
	}
	p, err := t.win.place(disp, count, tt)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// request is what an operation that is already done returns.
func (w *Win) request(want bool) *Request {
	if !want {
		return nil
	}
	w.e.mu.Lock()
	r := w.e.newRequest(rmaRequest)
	w.e.complete(r, nil)
	w.e.mu.Unlock()
	return r
}

func (w *Win) put(origin Buffer, to Place, want bool) (*Request, error) {
	t, err := w.prepare(origin, &to)
	if t == nil || err != nil {
		return w.request(want && err == nil), err
	}
	v, tt, n := origin.vec(), to.Type.t, int64(to.Count)
	if t.mapped {
		p, err := t.here(to.Disp, n, tt)
		if err == nil {
			dtype.Copy(p, tt, n, v.addr, v.t, v.count)
		}
		return w.request(want && err == nil), err
	}
	if t.reach.Load() && t.transfer(v, to.Disp, n, tt, true) {
		return w.request(want), nil
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	r := w.operation(v, to, want)
	if v.size() <= w.e.inline(t.p) {
		r.head.size, r.head.tag = 0, int32(v.size())
		t.send(r, kindPut, tt)
	} else {
		r.head.size = uint64(v.size())
		t.send(r, kindPutRTS, tt)
	}
	return given(r, want), nil
}

// operation makes the request of an operation through the target's engine. mu
// is held.
func (w *Win) operation(v vec, at Place, want bool) *Request {
	r := w.e.newRMA(v)
	r.comm = w.comm
	r.rma.at = access{disp: at.Disp, count: int64(at.Count)}
	r.detached = !want
	return r
}

// given is the request for a caller who wants one: others it may be over for.
func given(r *Request, want bool) *Request {
	if want {
		return r
	}
	return nil
}

func (w *Win) get(origin Buffer, from Place, want bool) (*Request, error) {
	t, err := w.prepare(origin, &from)
	if t == nil || err != nil {
		return w.request(want && err == nil), err
	}
	v, tt, n := origin.vec(), from.Type.t, int64(from.Count)
	if t.mapped {
		p, err := t.here(from.Disp, n, tt)
		if err == nil {
			dtype.Copy(v.addr, v.t, v.count, p, tt, n)
		}
		return w.request(want && err == nil), err
	}
	if v.size() == 0 || t.reach.Load() && t.transfer(v, from.Disp, n, tt, false) {
		return w.request(want), nil
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	r := w.operation(v, from, want)
	r.head.size, r.head.tag = uint64(v.size()), 0
	t.send(r, kindGet, tt)
	return given(r, want), nil
}

// transfer lets the kernel copy between v and t's memory, false if it cannot.
func (t *target) transfer(v vec, disp, count int64, tt *dtype.Type, write bool) bool {
	seg, addr := t.win.e.mem.seg, t.addr+uintptr(disp)
	mine, ok := v.bytes()
	if at, run := tt.Run(count); ok && run {
		if len(mine) == 0 || seg.Move(t.p.local, write, mine, []unix.RemoteIovec{{Base: addr + uintptr(at), Len: len(mine)}}) {
			return true
		}
		return false
	}
	return t.transferParts(v, addr, count, tt, write)
}

// transferParts is transfer for memory that is scattered on either side.
func (t *target) transferParts(v vec, addr uintptr, count int64, tt *dtype.Type, write bool) bool {
	s := scratches.Get().(*scratch)
	defer scratches.Put(s)
	for off, n := int64(0), v.size(); off < n; {
		b := s.bytes[:min(int64(len(s.bytes)), n-off)]
		if write {
			v.t.Pack(b, v.addr, v.count, off)
		}
		parts := s.parts[:0]
		had := int64(0)
		tt.Runs(count, off, int64(len(b)), func(disp, n int64) bool {
			parts = append(parts, unix.RemoteIovec{Base: addr + uintptr(disp), Len: int(n)})
			had += n
			return len(parts) < maxParts
		})
		b = b[:had]
		if !t.win.e.mem.seg.Move(t.p.local, write, b, parts) {
			return false
		}
		if !write {
			v.t.Unpack(v.addr, v.count, off, b)
		}
		off += had
	}
	return true
}

// A scratch is for data that is scattered on both sides. It is nobody's, as the engine's lock is not held.
type scratch struct {
	bytes [64 << 10]byte
	parts [maxParts]unix.RemoteIovec
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// maxParts is how many pieces one system call takes (IOV_MAX).
const maxParts = 1024

func (w *Win) accumulate(origin Buffer, to Place, op *Op, want bool) (*Request, error) {
	t, err := w.prepareOp(origin, &to, op)
	if t == nil || err != nil {
		return w.request(want && err == nil), err
	}
	if t.mapped {
		err := t.combine(origin.vec(), vec{}, to, op.code)
		return w.request(want && err == nil), err
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	r := w.operation(origin.vec(), to, want)
	t.sendChunks(r, kindAcc, to, op.code)
	return given(r, want), nil
}

func (w *Win) prepareOp(origin Buffer, at *Place, op *Op) (*target, error) {
	t, err := w.prepare(origin, at)
	if err != nil {
		return nil, err
	}
	if err := op.check(at.Type, true); err != nil {
		return nil, err
	}
	if t == nil || origin.vec().size() == 0 {
		return nil, nil
	}
	return t, nil
}

// sendChunks sends an operation whose packets hold whole elements.
func (t *target) sendChunks(r *Request, k packetKind, at Place, op redop.Op) {
	b, _ := at.Type.t.Basic()
	r.rma.at.op = op
	r.head.size, r.head.tag = 0, int32(min(r.size, t.win.e.wholes(t.p, b)))
	t.send(r, k, at.Type.t)
}

func (w *Win) getAccumulate(origin, result Buffer, at Place, op *Op, want bool) (*Request, error) {
	t, err := w.prepareOp(result, &at, op)
	if err == nil && op != NoOp {
		if e := origin.check(); e != nil {
			err = e
		} else if t != nil && origin.vec().size() != result.vec().size() {
			err = errorf(ErrTruncate, "%d bytes at the origin, %d for the result; they must be the same", origin.vec().size(), result.vec().size())
		}
	}
	if t == nil || err != nil {
		return w.request(want && err == nil), err
	}
	out := vec{}
	if op != NoOp {
		out = origin.vec()
	}
	if t.mapped {
		err := t.combine(out, result.vec(), at, op.code)
		return w.request(want && err == nil), err
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	r := w.operation(result.vec(), at, want)
	r.rma.origin = out
	t.sendChunks(r, kindFetch, at, op.code)
	return given(r, want), nil
}

// combine is an accumulate in mapped memory. The memory of the user's is changed
// by its engine alone, which is this one's; that of MPI's by whoever comes.
func (t *target) combine(origin, result vec, at Place, op redop.Op) error {
	p, err := t.here(at.Disp, int64(at.Count), at.Type.t)
	if err != nil {
		return err
	}
	c := combining{op: op, t: at.Type.t, base: p, count: int64(at.Count)}
	n := c.count * c.t.Size()
	inOK, oldOK := true, true
	if origin.t != nil {
		c.in, inOK = origin.bytes()
	}
	if result.t != nil {
		c.old, oldOK = result.bytes()
	}
	if t.win.allocated() {
		c.control, c.e = t.control, t.win.e
	}
	if !inOK {
		c.in = make([]byte, n)
		origin.t.Pack(c.in, origin.addr, origin.count, 0)
	}
	var old []byte
	if !oldOK {
		old = make([]byte, n)
		c.old = old
	}
	if c.control != nil {
		c.run(n)
	} else {
		t.combineAlone(&c, n)
	}
	if !oldOK {
		result.t.Unpack(result.addr, result.count, 0, old)
	}
	return nil
}

// combineAlone changes memory of the user's under the lock, with which this engine changes it for others too. A long
// accumulate is atomic by elements: the lock is given up now and then.
func (t *target) combineAlone(c *combining, n int64) {
	b, _ := c.t.Basic()
	whole := longWork - longWork%max(b.Size(), 1)
	for n > 0 {
		some := min(n, whole)
		t.win.e.mu.Lock()
		c.run(some)
		t.win.e.mu.Unlock()
		c.off, n = c.off+some, n-some
	}
}

// CompareAndSwap puts origin's element in place of the target's if that equals
// compare, and gives what was there before (MPI_Compare_and_swap). "The datatype
// must be a C integer, Fortran integer, logical, multi-language type, or byte"
// (section 12.3.4).
func (w *Win) CompareAndSwap(origin, compare, result unsafe.Pointer, dt *Datatype, rank int, disp int64) error {
	at := Place{rank, disp, 1, dt}
	t, err := w.prepare(Buffer{Addr: result, Count: 1, Type: dt}, &at)
	if err != nil {
		return err
	}
	b := dt.t.Named()
	switch b.Info().Class {
	case dtype.ClassCInteger, dtype.ClassFortranInteger, dtype.ClassLogical, dtype.ClassMulti, dtype.ClassByte:
	default:
		return errorf(ErrType, "%s is no datatype for MPI_Compare_and_swap; use an integer, logical or byte type", dt.label())
	}
	if t == nil {
		return nil
	}
	size := b.Size()
	value, other := bytesAt(origin, size), bytesAt(compare, size)
	if t.mapped {
		p, err := t.here(at.Disp, 1, dt.t)
		if err != nil {
			return err
		}
		if !w.allocated() {
			w.e.mu.Lock()
			defer w.e.mu.Unlock()
		}
		t.control.swap(w.e, p, value, other, bytesAt(result, size))
		return nil
	}
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	r := w.operation(vec{result, 1, dt.t}, at, false)
	r.rma.at.basic = b
	own := r.rma.hold(int(2 * size))
	copy(own, value)
	copy(own[size:], other)
	t.send(r, kindSwap, dt.t)
	return nil
}
