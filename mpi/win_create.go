package mpi

import (
	"crypto/rand"
	"encoding/binary"
	"unsafe"
)

// winCard is what a process tells the others of its part of a new window.
type winCard struct {
	flavor, size, unit int64
	addr               uint64
	name               uint64 // of its socket; 0: it has none
	token              uint64 // of the memory that it makes for its host
}

// newWin makes a window. All processes of c call it.
func (c *Comm) newWin(flavor int, base unsafe.Pointer, size int64, unit int, info *Info) (*Win, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	switch {
	case c.Inter():
		return nil, errorf(ErrComm, "a window needs an intracommunicator")
	case size < 0:
		return nil, errorf(ErrSize, "the window has %d bytes; the size must not be negative", size)
	case unit <= 0:
		return nil, errorf(ErrDisp, "the displacement unit is %d; it must be positive", unit)
	case flavor == FlavorShared && !c.oneHost():
		return nil, errorf(ErrRMAShared, "the communicator spans hosts; use one made by MPI_Comm_split_type with MPI_COMM_TYPE_SHARED")
	}
	ctx, err := c.agreeContext()
	if err != nil {
		return nil, err
	}
	w := &Win{e: c.e, comm: c.e.newComm(ctx, c.group), flavor: flavor, base: base, size: size, unit: int64(unit), info: info.Dup()}
	if w.table, err = newTable(c.Size()); err != nil {
		return nil, err
	}
	w.access = &w.table.access
	failed := w.connect()
	worst, all := []int64{int64(ClassOf(failed))}, []int64{0}
	if err := w.comm.Allreduce(Slice(worst), Slice(all), Max); err != nil {
		return nil, err
	}
	if all[0] != int64(Success) {
		w.dismiss()
		if failed == nil {
			failed = errorf(Class(all[0]), "another process could not make its part of the window")
		}
		return nil, failed
	}
	return w, nil
}

func (c *Comm) oneHost() bool {
	here := c.e.at(int32(c.e.rank)).host
	for _, r := range c.group.ranks {
		if c.e.at(r).host != here {
			return false
		}
	}
	return true
}

// connect exchanges the cards and makes the memory of this host. Afterwards
// the window answers those who are through earlier.
func (w *Win) connect() error {
	n := w.comm.Size()
	m := &w.memory
	m.find(w)
	mine := []winCard{{flavor: int64(w.flavor), size: w.size, unit: w.unit, addr: uint64(uintptr(w.base)), token: random()}}
	failed := m.open(&mine[0])
	cards := make([]winCard, n)
	b := Slice(unsafe.Slice((*uint64)(unsafe.Pointer(&mine[0])), unsafe.Sizeof(mine[0])/8))
	all := Slice(unsafe.Slice((*uint64)(unsafe.Pointer(&cards[0])), uintptr(n)*unsafe.Sizeof(mine[0])/8))
	all.Count = b.Count // of each
	if err := w.comm.Allgather(b, all); err != nil {
		return err
	}
	w.peers = make([]target, n)
	for i := range w.peers {
		t, card := &w.peers[i], &cards[i]
		t.epoch = &w.table.target(i).epoch
		t.win, t.rank, t.p = w, i, w.e.at(w.comm.group.ranks[i])
		t.size, t.unit, t.addr = card.size, card.unit, uintptr(card.addr)
		if failed == nil && card.flavor != int64(w.flavor) {
			failed = errorf(ErrRMAFlavor, "rank %d makes another kind of window", i)
		}
	}
	if failed == nil {
		failed = m.make(w, cards)
	}
	// Whoever waits for the memory must not wait in vain.
	if err := w.comm.Barrier(); err != nil {
		return err
	}
	if failed == nil {
		failed = m.take(w, cards)
	}
	if failed != nil {
		return failed
	}
	w.admit()
	return nil
}

// admit makes the window known to the engine.
func (w *Win) admit() {
	e := w.e
	e.mu.Lock()
	defer e.mu.Unlock()
	me := &w.peers[w.comm.rank]
	me.base, me.mapped, me.control = w.base, true, w.control
	for i := range w.peers {
		if t := &w.peers[i]; !t.mapped && t.p.peer == nil && e.mem.seg.Reach(t.p.local) {
			t.reach.Store(true)
		}
	}
	if e.wins == nil {
		e.wins = make(map[contextID]*Win)
	}
	e.wins[w.comm.ctx] = w
	w.show()
	e.watch()
}

// dismiss undoes admit and gives the memory back.
func (w *Win) dismiss() {
	w.e.mu.Lock()
	delete(w.e.wins, w.comm.ctx)
	w.freed = true
	bereaved := len(w.e.failed) > 0
	w.e.mu.Unlock()
	if bereaved { // who has died does not wait for what is still read from its memory
		w.e.until(w.e.workDone)
	}
	w.reclaim()
	w.memory.close()
	w.table.close()
	w.comm.tie(-1)
	w.comm.Free()
}

func random() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) | 1
}
