package mpi

import "sync/atomic"

// A sharedPointer is the file pointer that all processes of a file have in common
// (section 14.4.4), in etypes. It is a number in a window: the first process's
// memory, which the ranks of its host change by processor atomics and all others
// through its engine. Nothing of it is in the file system.
type sharedPointer struct {
	comm *Comm
	win  *Win
	own  atomic.Int64 // of a file that one process opened
}

// newSharedPointer is collective.
func (f *File) newSharedPointer(at int64) (*sharedPointer, error) {
	p := &sharedPointer{comm: f.comm}
	if p.own.Store(at); f.comm.Size() == 1 {
		return p, nil
	}
	size := int64(0)
	if f.comm.rank == 0 {
		size = 8
	}
	var err error
	if p.win, err = f.comm.WinAllocate(size, 8, nil); err != nil {
		return nil, err
	}
	if f.comm.rank == 0 {
		*(*int64)(p.win.base) = at
	}
	if err := f.comm.Barrier(); err != nil {
		return nil, err
	}
	// No window's epoch but this one begins or ends: nobody has to be asked.
	return p, p.win.LockAll(ModeNoCheck)
}

// free is collective.
func (p *sharedPointer) free() error {
	if p.win == nil {
		return nil
	}
	if err := p.win.UnlockAll(); err != nil {
		return err
	}
	return p.win.Free()
}

// change combines the pointer with n and returns what it was before. "If
// multiple processes issue shared file pointer requests, the accesses are
// serialised" (section 14.4.4): each gets a part of its own.
func (p *sharedPointer) change(n int64, op *Op) (int64, error) {
	if p.win == nil {
		if op == Replace {
			return p.own.Swap(n), nil
		}
		return p.own.Add(n) - n, nil
	}
	in, old := []int64{n}, []int64{0}
	r, err := p.win.RgetAccumulate(Slice(in), Slice(old), Place{Rank: 0}, op)
	if err != nil {
		return 0, err
	}
	_, err = r.Wait()
	return old[0], err
}

// advance gives the caller the next n etypes and returns where they begin.
func (p *sharedPointer) advance(n int64) (int64, error) { return p.change(n, Sum) }

func (p *sharedPointer) get() (int64, error) { return p.change(0, Sum) }

// reset puts the pointer somewhere. Collective: no process leaves before it is
// there, and none moves it before all have come.
func (p *sharedPointer) reset(at int64) error {
	if err := p.comm.Barrier(); err != nil {
		return err
	}
	var failed error
	if p.comm.rank == 0 {
		_, failed = p.change(at, Replace)
	}
	if err := p.comm.Barrier(); err != nil {
		return err
	}
	return failed
}

// SeekShared moves the shared file pointer as Seek moves one's own; all processes
// give the same offset and whence (MPI_File_seek_shared, section 14.4.4). Collective.
func (f *File) SeekShared(offset int64, whence int) error {
	err := f.check()
	if err == nil {
		err = f.checkPlaced()
	}
	if err != nil {
		return err
	}
	if err := f.drain(); err != nil {
		return err
	}
	if err := f.same(offset, "the offset"); err != nil {
		return err
	}
	if err := f.same(int64(whence), "whence"); err != nil {
		return err
	}
	current, err := f.shared.get()
	if err != nil {
		return err
	}
	at, err := f.sought(current, offset, whence)
	if err = f.agree(err); err != nil {
		return err
	}
	return f.shared.reset(at)
}

// PositionShared is the shared file pointer in etypes (MPI_File_get_position_shared).
func (f *File) PositionShared() (int64, error) {
	err := f.check()
	if err == nil {
		err = f.checkPlaced()
	}
	if err != nil {
		return 0, err
	}
	return f.shared.get()
}
