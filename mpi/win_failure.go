package mpi

import "slices"

// What a failure does to windows. Operations that go through the dead's engine end with
// ErrProcFailed, at the latest in the call that completes them; memory of its that is still
// mapped here can still be accessed. A lock that is not free when a process of the window
// has failed may be one that the dead has held: nobody waits for it.

// bury ends what waits for p on the window. mu is held.
func (w *Win) bury(p *proc, err error) {
	for i := range w.peers {
		t := &w.peers[i]
		if t.p != p {
			continue
		}
		w.unflushed -= int(t.sent - t.flushed)
		t.flushed = t.sent
		if t.dirty {
			t.dirty = false
			w.dirty = slices.DeleteFunc(w.dirty, func(o *target) bool { return o == t })
		}
		if t.err == nil {
			t.err = err
		}
		w.queue = slices.DeleteFunc(w.queue, func(q waiter) bool { return q.t == t })
	}
}

// hopeless is why a Sync that is not over would wait for ever; nil: it may end. mu is
// held.
func (s *Sync) hopeless() error {
	w := s.w
	if len(w.e.failed) == 0 {
		return nil
	}
	switch s.kind {
	case syncStart:
		return failedAmong(w.started)
	case syncWait:
		return failedAmong(w.exposed)
	}
	for i := range w.peers {
		if t := &w.peers[i]; t.p.failed {
			return t.win.comm.failedError(t.p)
		}
	}
	return nil
}

func failedAmong(list []*target) error {
	for _, t := range list {
		if t.p.failed {
			return t.win.comm.failedError(t.p)
		}
	}
	return nil
}

// undo ends the epoch that s could not begin, or not wait for. mu is held.
func (s *Sync) undo() {
	w := s.w
	switch s.kind {
	case syncLock:
		s.only.epoch.Store(0)
	case syncLockAll:
		for i := range w.peers {
			if t := &w.peers[i]; t.granted {
				t.release()
			} else {
				t.epoch.Store(0)
			}
		}
		w.access.Store(w.access.Load() &^ allLocked)
	case syncStart:
		for _, t := range w.started {
			t.epoch.Store(0)
		}
		w.started = nil
	case syncWait:
		w.exposed = nil
	}
}
