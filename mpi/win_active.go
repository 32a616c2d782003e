package mpi

// General active target synchronization (MPI 5.0 section 12.5.2): Post and Wait
// at the target, Start and Complete at the origin. A packet tells each origin of
// a Post, and each target of a Complete; both are counted, as either may come
// before the call that waits for it.

// members are the targets of the processes of g.
func (w *Win) members(g *Group) ([]*target, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if g == nil {
		return nil, errorf(ErrGroup, "the group is null")
	}
	at, err := g.Translate(sequence(g.Size()), w.comm.group)
	if err != nil {
		return nil, err
	}
	list := make([]*target, len(at))
	for i, r := range at {
		if r < 0 {
			return nil, errorf(ErrGroup, "member %d of the group is no process of the window", i)
		}
		list[i] = &w.peers[r]
	}
	return list, nil
}

// Post lets the processes of g act on this process's memory until Wait
// (MPI_Win_post). It does not wait for them.
func (w *Win) Post(g *Group, assert int) error {
	list, err := w.members(g)
	if err != nil {
		return err
	}
	if err := checkAssert(assert, ModeNoCheck|ModeNoStore|ModeNoPut); err != nil {
		return err
	}
	if w.exposed != nil {
		return errorf(ErrRMASync, "the memory is exposed already; call MPI_Win_wait first")
	}
	w.exposed = list
	w.access.Store(0) // of a fence that nobody used
	w.e.mu.Lock()
	for _, t := range list {
		t.tell(header{kind: kindPost})
	}
	w.e.mu.Unlock()
	return nil
}

// StartStart: see Start.
func (w *Win) StartStart(g *Group, assert int) (*Sync, error) {
	list, err := w.members(g)
	if err != nil {
		return nil, err
	}
	if err := checkAssert(assert, ModeNoCheck); err != nil {
		return nil, err
	}
	if w.started != nil || w.passive() {
		return nil, errorf(ErrRMASync, "an access epoch has begun already; end it first")
	}
	w.access.Store(0)
	w.started = list
	for _, t := range list {
		t.epoch.Store(startedTarget)
	}
	return w.idle(w.sync(syncStart, nil))
}

// Start begins an epoch on the processes of g and waits until each has called
// Post (MPI_Win_start).
func (w *Win) Start(g *Group, assert int) error { return w.wait(w.StartStart(g, assert)) }

// posted reports whether all targets have posted, and uses their posts. mu is held.
func (w *Win) posted() bool {
	for _, t := range w.started {
		if t.posts == 0 {
			return false
		}
	}
	for _, t := range w.started {
		t.posts--
	}
	return true
}

// CompleteStart: see Complete.
func (w *Win) CompleteStart() (*Sync, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	if w.started == nil {
		return nil, errorf(ErrRMASync, "no epoch was begun by MPI_Win_start")
	}
	return w.idle(w.sync(syncComplete, nil))
}

// Complete ends the epoch of Start (MPI_Win_complete). The operations are
// complete at the targets when their Wait returns.
func (w *Win) Complete() error { return w.wait(w.CompleteStart()) }

// complete tells the targets. Packets arrive in order, so what was sent before
// is done at a target when it hears of the end. mu is held.
func (w *Win) complete() {
	for _, t := range w.started {
		t.epoch.Store(0)
		t.tell(header{kind: kindDone})
	}
	w.started = nil
}

// WaitStart: see Wait.
func (w *Win) WaitStart() (*Sync, error) {
	if err := w.checkExposed(); err != nil {
		return nil, err
	}
	return w.idle(w.sync(syncWait, nil))
}

func (w *Win) checkExposed() error {
	if err := w.check(); err != nil {
		return err
	}
	if w.exposed == nil {
		return errorf(ErrRMASync, "the memory was not exposed by MPI_Win_post")
	}
	return nil
}

// Wait ends the epoch of Post, when all of its group have called Complete
// (MPI_Win_wait).
func (w *Win) Wait() error { return w.wait(w.WaitStart()) }

// Test is Wait if it would return now, else false (MPI_Win_test).
func (w *Win) Test() (bool, error) {
	if err := w.checkExposed(); err != nil {
		return false, err
	}
	w.e.step()
	w.e.mu.Lock()
	defer w.e.mu.Unlock()
	if w.done() {
		return true, nil
	}
	s := Sync{w: w, kind: syncWait}
	err := s.hopeless()
	if err != nil {
		s.undo()
	}
	return false, err
}

// done reports whether all origins are, and uses their messages. mu is held.
func (w *Win) done() bool {
	for _, t := range w.exposed {
		if t.dones == 0 {
			return false
		}
	}
	for _, t := range w.exposed {
		t.dones--
	}
	w.exposed = nil
	return true
}
