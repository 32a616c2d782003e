package mpi

// Locks (MPI 5.0 section 12.5.3). A rank's lock is a word in its winControl,
// which the ranks of its host share:
//
//	bit 31  exclusive; bit 30  somebody waits; below  the number of shared holders
//
// A process of the same host takes a free lock by one atomic instruction and gives
// it back by one. Everyone else, and who finds it taken, asks the engine of the
// lock's rank, which lets them in one after the other. Only that engine sets
// and clears the waiting bit; while it is set nobody takes the lock by himself,
// and who gives it back tells the engine.
const (
	lockExclusive = 1 << 31
	lockWaiting   = 1 << 30
)

// What target.epoch holds. An unchecked lock is held without the word.
const (
	heldShared    = 1
	heldExclusive = 2
	heldUnchecked = 4
	lockBits      = heldShared | heldExclusive | heldUnchecked
	startedTarget = 8
)

// The types of locks; the values are the standard ABI's.
const (
	LockExclusive = 301
	LockShared    = 302
)

// waiter is a process that waits for this process's lock.
type waiter struct {
	t    *target
	kind uint32
}

// take takes the lock if it is free. past says that the queue does not count.
func (c *winControl) take(kind uint32, past bool) bool {
	for {
		old := c.lock.Load()
		if old&lockExclusive != 0 || kind == LockExclusive && old&^lockWaiting != 0 || old&lockWaiting != 0 && !past {
			return false
		}
		now := old + 1
		if kind == LockExclusive {
			now = old | lockExclusive
		}
		if c.lock.CompareAndSwap(old, now) {
			return true
		}
	}
}

// give gives the lock back and reports whether somebody waits.
func (c *winControl) give(kind uint32) bool {
	if kind == LockExclusive {
		return c.lock.And(^uint32(lockExclusive))&lockWaiting != 0
	}
	return c.lock.Add(^uint32(0))&lockWaiting != 0
}

// passive reports whether any target is locked.
func (w *Win) passive() bool {
	if w.access.Load()&allLocked != 0 {
		return true
	}
	for i := range w.peers {
		if w.peers[i].epoch.Load()&lockBits != 0 {
			return true
		}
	}
	return false
}

// LockStart: see Lock.
func (w *Win) LockStart(kind, rank, assert int) (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if kind != LockExclusive && kind != LockShared {
		return nil, errorf(ErrLockType, "lock type %d is neither MPI_LOCK_EXCLUSIVE nor MPI_LOCK_SHARED", kind)
	}
	if err := checkAssert(assert, ModeNoCheck); err != nil {
		return nil, err
	}
	if rank == ProcNull {
		return nil, nil
	}
	t, err := w.peer(rank)
	if err != nil {
		return nil, err
	}
	if w.started != nil || w.access.Load()&allLocked != 0 || t.epoch.Load() != 0 {
		return nil, errorf(ErrRMASync, "rank %d is locked or started already", rank)
	}
	w.access.Store(0) // of a fence that nobody used: the lock begins another epoch
	if t.lock(uint32(kind), assert) {
		return nil, nil
	}
	return w.sync(syncLock, t), nil
}

// Lock begins an epoch on one target, whose program takes no part in it
// (MPI_Win_lock). An exclusive one keeps other locks out.
func (w *Win) Lock(kind, rank, assert int) error { return w.wait(w.LockStart(kind, rank, assert)) }

// LockAllStart: see LockAll.
func (w *Win) LockAllStart(assert int) (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if err := checkAssert(assert, ModeNoCheck); err != nil {
		return nil, err
	}
	if w.passive() || w.started != nil {
		return nil, errorf(ErrRMASync, "targets of the window are locked or started already")
	}
	w.access.Store(allLocked)
	free := true
	for i := range w.peers {
		free = w.peers[i].lock(LockShared, assert) && free
	}
	if free {
		return nil, nil
	}
	return w.sync(syncLockAll, nil), nil
}

// LockAll begins a shared epoch on all targets (MPI_Win_lock_all).
func (w *Win) LockAll(assert int) error { return w.wait(w.LockAllStart(assert)) }

// lock takes t's lock, or asks for it: then granted will say that it is there.
func (t *target) lock(kind uint32, assert int) bool {
	t.granted = true
	switch {
	case assert&ModeNoCheck != 0:
		t.epoch.Store(heldUnchecked)
		return true
	case kind == LockExclusive:
		t.epoch.Store(heldExclusive)
	default:
		t.epoch.Store(heldShared)
	}
	if t.control != nil && t.control.take(kind, false) {
		return true
	}
	e := t.win.e
	e.mu.Lock()
	t.granted = false
	t.tell(header{kind: kindLock, tag: int32(kind)})
	e.mu.Unlock()
	return false
}

// release gives t's lock back. mu is held.
func (t *target) release() {
	held := t.epoch.Load()
	t.epoch.Store(0)
	kind := uint32(LockShared)
	switch held & lockBits {
	case heldExclusive:
		kind = LockExclusive
	case heldShared:
	default:
		return
	}
	if t.control == nil {
		t.tell(header{kind: kindUnlock, tag: int32(kind)})
	} else if t.control.give(kind) {
		t.tell(header{kind: kindUnlock})
	}
}

// asked lets a process in or puts it into the queue.
func (w *Win) asked(t *target, kind uint32) {
	w.queue = append(w.queue, waiter{t, kind})
	w.control.lock.Or(lockWaiting)
	w.admitNext()
}

// unlocked is called when the lock was given back, if kind is not 0 by this.
func (w *Win) unlocked(kind uint32) {
	if kind != 0 {
		w.control.give(kind)
	}
	w.admitNext()
}

// admitNext lets in whom it can of those who wait, in their order.
func (w *Win) admitNext() {
	n := 0
	for n < len(w.queue) && w.control.take(w.queue[n].kind, true) {
		w.queue[n].t.tell(header{kind: kindGranted})
		n++
	}
	w.queue = append(w.queue[:0], w.queue[n:]...)
	if len(w.queue) == 0 {
		w.control.lock.And(^uint32(lockWaiting))
	}
}

// UnlockStart: see Unlock.
func (w *Win) UnlockStart(rank int) (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if rank == ProcNull {
		return nil, nil
	}
	t, err := w.peer(rank)
	if err != nil {
		return nil, err
	}
	if t.epoch.Load()&lockBits == 0 || w.access.Load()&allLocked != 0 {
		return nil, errorf(ErrRMASync, "rank %d was not locked by MPI_Win_lock", rank)
	}
	return w.idle(w.sync(syncUnlock, t))
}

// Unlock completes the operations on a target and ends the epoch
// (MPI_Win_unlock).
func (w *Win) Unlock(rank int) error { return w.wait(w.UnlockStart(rank)) }

// UnlockAllStart: see UnlockAll.
func (w *Win) UnlockAllStart() (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if w.access.Load()&allLocked == 0 {
		return nil, errorf(ErrRMASync, "the targets were not locked by MPI_Win_lock_all")
	}
	return w.idle(w.sync(syncUnlockAll, nil))
}

// UnlockAll ends what LockAll began (MPI_Win_unlock_all).
func (w *Win) UnlockAll() error { return w.wait(w.UnlockAllStart()) }
