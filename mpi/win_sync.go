package mpi

import (
	"slices"
	"sync"
)

// Synchronization. Operations on mapped memory and those of the kernel's are
// complete when the call returns; only what went through a target's engine has
// to be waited for. A request ends when its data has left, or come. What the
// target does not answer is covered by a flush, a packet that it answers: packets
// arrive in order, so all before it is done then.

// A Sync is a synchronization call that has begun; Test moves it on. The
// functions that return one are for language bindings, which wait in their own
// language; nil means that the call is already over.
type Sync struct {
	w     *Win
	kind  syncKind
	step  int
	only  *target // of a flush of one target; nil: of all
	until uint64  // the number of that target's flush
	fence *Request
	err   error
}

type syncKind uint8

const (
	syncFlush syncKind = iota
	syncFlushLocal
	syncFence
	syncUnlock
	syncUnlockAll
	syncLock
	syncLockAll
	syncStart
	syncComplete
	syncWait
	syncFree
)

// The steps of a Sync, those that flush first.
const (
	stepPending = iota // operations that have not ended here
	stepFlushed        // flushes that are not answered
	stepEnd            // what the kind does then
	stepBarrier
	stepOver
)

var syncs = sync.Pool{New: func() any { return new(Sync) }}

func (w *Win) sync(kind syncKind, only *target) *Sync {
	s := syncs.Get().(*Sync)
	*s = Sync{w: w, kind: kind, only: only}
	if kind == syncLock || kind == syncLockAll || kind == syncStart || kind == syncWait {
		s.step = stepEnd
	}
	return s
}

// Test makes progress and reports whether the call is over; s is spent then.
func (s *Sync) Test() (done bool, err error) {
	if !s.advance() {
		s.w.e.step()
		if !s.advance() {
			return false, nil
		}
	}
	err = s.err
	*s = Sync{}
	syncs.Put(s)
	return true, err
}

// wait is what a Go caller does with a Sync.
func (w *Win) wait(s *Sync, err error) error {
	if s == nil || err != nil {
		return err
	}
	if !s.advance() {
		w.e.until(s.advance)
	}
	_, err = s.Test()
	return err
}

// advance goes as far as it can and reports whether that is the end.
func (s *Sync) advance() bool {
	w := s.w
	w.e.mu.Lock()
	if s.step == stepPending && s.ended() {
		s.step = stepEnd
		if s.kind != syncFlushLocal && s.kind != syncComplete {
			s.askAll()
			s.step = stepFlushed
		}
	}
	if s.step == stepFlushed && s.answered() {
		s.collect()
		s.step = stepEnd
	}
	if s.step == stepEnd {
		s.end()
	}
	w.e.mu.Unlock()
	if s.step == stepBarrier {
		s.barrier()
	}
	return s.step == stepOver
}

func (s *Sync) ended() bool {
	if s.only != nil {
		return s.only.pending == 0
	}
	return s.w.pending == 0
}

// askAll sends the flushes.
func (s *Sync) askAll() {
	w := s.w
	if s.only == nil {
		for _, t := range w.dirty {
			t.flush()
		}
		w.dirty = w.dirty[:0]
		return
	}
	if s.only.dirty {
		s.only.flush()
		w.dirty = slices.Delete(w.dirty, slices.Index(w.dirty, s.only), slices.Index(w.dirty, s.only)+1)
	}
	s.until = s.only.sent
}

func (t *target) flush() {
	t.dirty = false
	if t.p.failed {
		return
	}
	t.sent++
	t.win.unflushed++
	t.tell(header{kind: kindFlush, id: t.sent})
}

func (s *Sync) answered() bool {
	if s.only != nil {
		return s.only.flushed >= s.until
	}
	return s.w.unflushed == 0
}

// collect takes the errors of the operations that this covers.
func (s *Sync) collect() {
	if s.only != nil {
		s.take(s.only)
		return
	}
	for i := range s.w.peers {
		s.take(&s.w.peers[i])
	}
	if s.w.pending == 0 && len(s.w.dirty) == 0 {
		s.w.table.busy.Store(0)
	}
}

func (s *Sync) take(t *target) {
	if t.err != nil {
		if s.err == nil {
			s.err = t.err
		}
		t.err = nil
	}
}

// end does what the kind does after the flush. mu is held.
func (s *Sync) end() {
	w := s.w
	over := true
	switch s.kind {
	case syncUnlock:
		s.only.release()
	case syncUnlockAll:
		for i := range w.peers {
			w.peers[i].release()
		}
		w.access.Store(w.access.Load() &^ allLocked)
	case syncLock:
		over = s.only.granted
	case syncLockAll:
		for i := range w.peers {
			over = over && w.peers[i].granted
		}
	case syncStart:
		over = w.posted()
	case syncComplete:
		w.complete()
	case syncWait:
		over = w.done()
	case syncFence, syncFree:
		s.step = stepBarrier
		return
	}
	if !over {
		if s.err = s.hopeless(); s.err == nil {
			return
		}
		s.undo()
	}
	s.step = stepOver
}

// barrier ends a fence: all have flushed what they did to others.
func (s *Sync) barrier() {
	if s.fence == nil {
		var err error
		if s.fence, err = s.w.comm.Ibarrier(); err != nil {
			s.err, s.step = err, stepOver
			return
		}
	}
	if !s.fence.Done() {
		return
	}
	if _, err := s.fence.Finish(); s.err == nil {
		s.err = err
	}
	s.step = stepOver
}

// tell sends a packet of synchronization to t's engine. mu is held.
func (t *target) tell(h header) {
	w := t.win
	h.ctx, h.src = w.comm.ctx, int32(w.comm.rank)
	if t.p.index == w.e.rank {
		w.e.synchronized(h)
		return
	}
	w.e.answer(t.p, h)
}

// synchronized does what a peer's synchronization call asks for. mu is held.
func (e *engine) synchronized(h header) {
	w := e.window(h.ctx)
	if w == nil {
		return // an unlock that came after the window's end
	}
	t := &w.peers[h.src]
	switch h.kind {
	case kindFlush:
		t.tell(header{kind: kindFlushed, id: h.id, tag: int32(t.fault)})
		t.fault = Success
		return
	case kindFlushed:
		t.flushed = h.id
		w.unflushed--
		if h.tag != 0 && t.err == nil {
			t.err = faultOf(h)
		}
	case kindLock:
		w.asked(t, uint32(h.tag))
		return
	case kindUnlock:
		w.unlocked(uint32(h.tag))
		return
	case kindGranted:
		t.granted = true
	case kindPost:
		t.posts++
	case kindDone:
		t.dones++
	}
	e.wait.changed()
}

// FlushStart, FlushLocalStart: see Flush. rank may be AllTargets.
func (w *Win) FlushStart(rank int) (*Sync, error)      { return w.startFlush(syncFlush, rank) }
func (w *Win) FlushLocalStart(rank int) (*Sync, error) { return w.startFlush(syncFlushLocal, rank) }

// AllTargets makes a flush one of all targets.
const AllTargets = -1

func (w *Win) startFlush(kind syncKind, rank int) (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if rank == AllTargets {
		if !w.passive() {
			return nil, errorf(ErrRMASync, "no target is locked; a flush needs MPI_Win_lock or lock_all")
		}
		return w.idle(w.sync(kind, nil))
	}
	t, err := w.target(rank)
	if t == nil || err != nil {
		return nil, err
	}
	if t.epoch.Load()&lockBits == 0 && w.access.Load()&allLocked == 0 {
		return nil, errorf(ErrRMASync, "rank %d is not locked; a flush needs MPI_Win_lock or lock_all", rank)
	}
	return w.idle(w.sync(kind, t))
}

// idle spends a Sync that has nothing to wait for.
func (w *Win) idle(s *Sync) (*Sync, error) {
	if s.advance() {
		_, err := s.Test()
		return nil, err
	}
	return s, nil
}

// Flush completes the operations on a locked target, here and there
// (MPI_Win_flush, section 12.5.4); FlushLocal here only.
func (w *Win) Flush(rank int) error      { return w.wait(w.FlushStart(rank)) }
func (w *Win) FlushLocal(rank int) error { return w.wait(w.FlushLocalStart(rank)) }

// FlushAll and FlushLocalAll are of all targets.
func (w *Win) FlushAll() error      { return w.wait(w.FlushStart(AllTargets)) }
func (w *Win) FlushLocalAll() error { return w.wait(w.FlushLocalStart(AllTargets)) }

// Sync makes stores to the window's memory and those of others meet
// (MPI_Win_sync): with one memory that needs a barrier of this processor, and
// those who wait in a loop of it make progress.
func (w *Win) Sync() error {
	if err := w.check(); err != nil {
		return err
	}
	w.e.step()
	return nil
}

// Assertions; the values are the standard ABI's.
const (
	ModeNoCheck   = 1024
	ModeNoPrecede = 2048
	ModeNoPut     = 4096
	ModeNoStore   = 8192
	ModeNoSucceed = 16384
)

// checkAssert refuses assertions that the call does not know.
func checkAssert(assert, known int) error {
	if assert&^known != 0 {
		return errorf(ErrAssert, "assertion %d is none of those of this call", assert&^known)
	}
	return nil
}

// What Win.access holds.
const (
	fenced    = 1
	allLocked = 2
)

// FenceStart: see Fence.
func (w *Win) FenceStart(assert int) (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if err := checkAssert(assert, ModeNoStore|ModeNoPut|ModeNoPrecede|ModeNoSucceed); err != nil {
		return nil, err
	}
	if w.passive() || w.started != nil {
		return nil, errorf(ErrRMASync, "a fence while targets are locked or started; end that epoch first")
	}
	w.access.Store(fenced)
	if assert&ModeNoSucceed != 0 {
		w.access.Store(0)
	}
	return w.idle(w.sync(syncFence, nil))
}

// Fence completes the operations on the window that were begun since the last
// fence, those of others too, and begins the next epoch (MPI_Win_fence, section
// 12.5.1). Collective.
func (w *Win) Fence(assert int) error { return w.wait(w.FenceStart(assert)) }

// FreeStart: see Free.
func (w *Win) FreeStart() (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if w.passive() || w.started != nil || w.exposed != nil {
		return nil, errorf(ErrRMASync, "the window is freed inside an epoch; end it first")
	}
	return w.sync(syncFree, nil), nil
}

// FreeEnd gives the memory up after FreeStart's Sync is over.
func (w *Win) FreeEnd() { w.dismiss() }

// Free ends the window and what MPI allocated for it (MPI_Win_free). Collective.
func (w *Win) Free() error {
	s, err := w.FreeStart()
	if err != nil {
		return err
	}
	if err := w.Attrs.deleteAll(w); err != nil {
		return err
	}
	if err := w.wait(s, nil); err != nil {
		return err
	}
	w.FreeEnd()
	return nil
}
