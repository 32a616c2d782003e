package mpi

import (
	"sync/atomic"
	"unsafe"

	"rainmpi/mpi/internal/coll"
	"rainmpi/mpi/internal/dtype"
	"rainmpi/mpi/internal/shm"
)

// Work is what takes long: reading a large message out of another rank's memory, a
// message to oneself, a copy or a reduction of a collective. It is found under the
// engine's lock, and done without it by whoever is in MPI: by the thread that has found
// it, as soon as it has given up the lock, or by another one that waits. So threads copy
// at the same time, and none keeps the others from the engine.
//
// A message whose work waits or is done is under way like one whose data is: it has been
// matched, so nobody cancels it; no queue of the engine's holds it, so that neither a
// failure nor a revocation ends it; and it ends under the lock, when the work has been
// done, as whatever has happened meanwhile says.

// A work has the parts of the engine's state that it needs: no other is looked at while
// the lock is not held.
type work struct {
	e    *engine
	part func(w *work, off, n int64) bool // does n units from off on, without the lock; false: it cannot be done
	end  func(w *work, ok bool)           // with mu held

	size, off int64 // of all, and of what has been done, in units
	unit      int64 // bytes
	piece     int64 // the most that is one part, in units; 0: any

	r, send  *Request // a receive, and the send of one's own that it gets
	from     *proc    // whose memory is read, or written
	addr     uintptr  // where it is read
	copying  int64    // ns that this has taken
	head     header   // the message's
	divides  bool     // its sender may help
	share    *share   // and does
	took     bool     // this rank helps, and has taken a part of the message,
	put      int64    // and written so many bytes
	run      *coll.Run
	to, data coll.Memory // of a collective's step
	buf      []byte

	next *work // in the queue or the pool
}

const (
	// longWork, in bytes, is done without the lock; what is shorter takes less than 10 to 20 us.
	longWork = 32 << 10
	// longStep, in bytes, is that of a collective, whose memory is this rank's.
	longStep = 64 << 10
	// workPart, in bytes, is what a thread does of it before it looks for what it waits for itself, if
	// several threads use MPI.
	workPart = 256 << 10
)

type workQueue struct {
	first, last *work
	open        int          // work that waits or is done
	waiting     atomic.Int32 // in the queue, for those who do not hold mu
	pool        *work
}

// newWork takes from the pool. mu is held.
func (e *engine) newWork() *work {
	w := e.work.pool
	if w == nil {
		return &work{e: e, unit: 1}
	}
	e.work.pool, w.next = w.next, nil
	return w
}

// begin does work of so many units at once if it is short, and else leaves it to whoever
// comes first. It reports whether it is done. mu is held.
func (w *work) begin(e *engine, size int64) (done bool) {
	w.size = size
	e.work.open++
	if size*w.unit <= longWork {
		e.worked(w, w.part(w, 0, size))
		return true
	}
	e.enqueue(w)
	return false
}

// enqueue wakes a thread that waits for this, and may sleep. mu is held.
func (e *engine) enqueue(w *work) {
	if w.next = nil; e.work.first == nil {
		e.work.first = w
	} else {
		e.work.last.next = w
	}
	e.work.last = w
	e.work.waiting.Add(1)
	e.wait.changed()
}

// worked ends work. mu is held.
func (e *engine) worked(w *work, ok bool) {
	if e.work.open--; e.work.open == 0 {
		e.wait.changed() // for drained
	}
	w.end(w, ok)
	*w = work{e: e, unit: 1, buf: w.buf, next: e.work.pool}
	e.work.pool = w
}

// doWork does what waits: all of it. If other threads use MPI too it ends after a part
// during which something has happened, as the caller may have waited for just that.
func (e *engine) doWork() {
	for e.work.waiting.Load() > 0 {
		e.mu.Lock()
		w := e.takeWork()
		e.mu.Unlock()
		if w == nil {
			return
		}
		events := atomic.LoadUint32(&e.wait.set.Events)
		ok, news := true, false
		for ok && !news && w.off < w.size {
			n := w.size - w.off
			if several(e.wait.set.self()) {
				n = min(n, max(workPart/w.unit, 1))
			}
			if w.piece > 0 {
				n = min(n, w.piece)
			}
			if ok = w.part(w, w.off, n); ok {
				w.off += n
			}
			news = atomic.LoadUint32(&e.wait.set.Events) != events
		}
		e.mu.Lock()
		if ok && w.off < w.size && !w.took { // somebody waits for the word that this has been written
			e.enqueue(w)
		} else {
			e.worked(w, ok)
		}
		if e.work.waiting.Load() > 0 {
			e.move() // others wait for what is answered meanwhile
		}
		e.mu.Unlock()
		e.handOn()
		if news && several(e.wait.set.self()) {
			return
		}
	}
}

// takeWork takes the first of the queue. mu is held.
func (e *engine) takeWork() *work {
	w := e.work.first
	if w != nil {
		e.work.first = w.next
		e.work.waiting.Add(-1)
		if w.from != nil && w.r != nil {
			e.offerShares(w)
		}
	}
	return w
}

// unlockAndWork gives the lock up at the end of a call that may have found work, and does that.
func (e *engine) unlockAndWork() {
	e.mu.Unlock()
	e.doWork()
}

// workDone reports whether there is none.
func (e *engine) workDone() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.work.open == 0
}

// buffer is memory of the work's own for data that is in one piece on neither side.
func (w *work) buffer(n int64) []byte {
	if w.buf == nil {
		w.buf = make([]byte, longWork)
	}
	return w.buf[:min(n, longWork)]
}

// fetchPiece, in bytes, is what a receiver reads of a message, where it would rather have it streamed, before it looks
// whether its sender has come to MPI, so that both copy the rest: ranks that compute alike come from it one soon after
// the other.
const fetchPiece = 128 << 10

// fetch reads a message from the memory of its sender, one copy for any length. A reluctant receiver has its sender
// send the rest as soon as that can.
func (e *engine) fetch(r *Request, p *proc, h header, addr uintptr, reluctant bool) {
	w := e.newWork()
	w.part, w.end = fetchPart, fetched
	w.r, w.from, w.head, w.addr = r, p, h, addr
	if reluctant {
		w.piece = fetchPiece
	}
	w.divides = !reluctant && h.size <= shm.CutLimit && r.t.Contiguous()
	w.begin(e, min(int64(h.size), r.size))
}

func fetchPart(w *work, off, n int64) bool {
	r, seg := w.r, w.e.mem.seg
	if left := w.size - off; w.piece > 0 && left > longWork && w.e.mem.streams(w.from, left) { // it waits by now
		return false
	}
	if r.t.Contiguous() {
		start := now()
		done := seg.Read(w.from.local, unsafe.Add(r.addr, off), w.addr+uintptr(off), int(n))
		w.copying += now() - start
		return done == int(n)
	}
	for end := off + n; off < end; {
		b := w.buffer(end - off)
		if seg.Read(w.from.local, unsafe.Pointer(&b[0]), w.addr+uintptr(off), len(b)) != len(b) {
			return false
		}
		r.WriteAt(b, off)
		off += int64(len(b))
	}
	return true
}

// fetched: what could not be read comes through the ring, if there is still somebody to send it.
func fetched(w *work, ok bool) {
	r, e := w.r, w.e
	switch {
	case ok:
		w.from.pace.cameRead(w.size, w.size, w.copying)
		e.answer(w.from, header{kind: kindFin, id: w.head.id})
		e.complete(r, r.err)
	case w.from.failed:
		e.complete(r, e.lostWith(r, w.from))
	default:
		e.clearToSend(r, w.from, w.head, w.off)
	}
}

// copySelf ends both sides of a message to oneself.
func (e *engine) copySelf(r, send *Request) {
	w := e.newWork()
	w.part, w.end = copySelfPart, copiedSelf
	w.r, w.send = r, send
	w.begin(e, min(send.size, r.size))
}

func copySelfPart(w *work, off, n int64) bool {
	r, send := w.r, w.send
	switch {
	case n == 0:
	case send.t.Contiguous():
		r.WriteAt(bytesAt(unsafe.Add(send.addr, off), n), off)
	case r.t.Contiguous():
		send.ReadAt(bytesAt(unsafe.Add(r.addr, off), n), off)
	default:
		for end := off + n; off < end; {
			b := w.buffer(end - off)
			send.ReadAt(b, off)
			r.WriteAt(b, off)
			off += int64(len(b))
		}
	}
	return true
}

func copiedSelf(w *work, _ bool) {
	w.e.complete(w.send, nil)
	w.e.complete(w.r, w.r.err)
}

// Copy and Reduce are a collective's. A function of the user's waits in calls until a
// caller can run it without the lock.
func (n *collNet) Copy(run *coll.Run, to, from coll.Memory) bool {
	if size := from.Count * from.Type.Size(); size <= longStep {
		coll.Copy(to, from)
		return true
	}
	e := (*engine)(n)
	w := e.newWork()
	w.part, w.end, w.run, w.to, w.data = copyStep, copiedStep, run, to, from
	w.unit = from.Count * from.Type.Size()
	return w.begin(e, 1)
}

func copyStep(w *work, _, _ int64) bool {
	coll.Copy(w.to, w.data)
	return true
}

func copiedStep(w *work, _ bool) {
	w.run.Copied()
	w.e.advanced(w.run)
}

func (n *collNet) Reduce(run *coll.Run, in, inout unsafe.Pointer, count int64, _ *dtype.Type) bool {
	e := (*engine)(n)
	r := run.User.(*Request)
	if !r.op.Predefined() {
		e.calls = append(e.calls, Call{op: r.op, in: in, inout: inout, n: int(count), element: r.element, run: run})
		e.callCount.Store(int32(len(e.calls)))
		e.wait.changed()
		return false
	}
	if size := r.element.t.Size(); count*size > longStep {
		w := e.newWork()
		w.part, w.end, w.run, w.unit = reducePart, reduced, run, size
		w.to.Addr, w.data.Addr = inout, in
		return w.begin(e, count)
	}
	return r.op.reduce(in, inout, count, r.element)
}

func reducePart(w *work, off, n int64) bool {
	r := w.run.User.(*Request)
	at := off * r.element.t.Extent()
	r.op.reduce(unsafe.Add(w.data.Addr, at), unsafe.Add(w.to.Addr, at), n, r.element)
	return true
}

func reduced(w *work, _ bool) {
	w.run.Completed(nil)
	w.e.advanced(w.run)
}
