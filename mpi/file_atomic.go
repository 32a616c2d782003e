package mpi

import (
	"math"

	"golang.org/x/sys/unix"
)

// SetAtomicity says whether conflicting accesses by file handles of this opening
// are sequentially consistent (MPI_File_set_atomicity, section 14.6.1). In atomic mode
// an access locks the part of the file that it is about, from its first byte to its
// last, and collective accesses do not exchange data. Without it, the default,
// accesses that conflict need MPI_File_sync and a barrier between them. Collective.
func (f *File) SetAtomicity(on bool) error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.drain(); err != nil {
		return err
	}
	value := int64(0)
	if on {
		value = 1
	}
	if err := f.same(value, "the atomicity"); err != nil {
		return err
	}
	var err error
	if on { // does this file system know locks?
		if err = f.lockRange(unix.F_RDLCK, unix.F_WRLCK, 0, 1); err == nil {
			err = f.lockRange(unix.F_UNLCK, unix.F_UNLCK, 0, 1)
		}
	}
	if err = f.agree(err); err != nil {
		return err
	}
	f.mu.Lock()
	f.atomic = on
	f.mu.Unlock()
	return nil
}

// Atomicity is what SetAtomicity has set (MPI_File_get_atomicity).
func (f *File) Atomicity() (bool, error) {
	if err := f.check(); err != nil {
		return false, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.atomic, nil
}

// lock takes what an access in atomic mode needs, and returns what gives it back.
// The lock is the open file's, as this process may have the file open twice; so
// accesses by one handle, which has one lock, take turns.
func (a *fileAccess) lock() (unlock func(), err error) {
	if !a.atomic {
		return func() {}, nil
	}
	f := a.f
	lo, hi := a.span()
	kind := int16(unix.F_RDLCK)
	if a.write {
		kind = unix.F_WRLCK
	}
	f.order.Lock()
	if err := f.lockRange(kind, kind, lo, hi); err != nil {
		f.order.Unlock()
		return nil, err
	}
	return func() {
		f.lockRange(unix.F_UNLCK, unix.F_UNLCK, lo, hi)
		f.order.Unlock()
	}, nil
}

// span is the part of the file from the first byte of the access to the last.
func (a *fileAccess) span() (lo, hi int64) {
	if a.rises {
		return a.v.Position(a.off), a.v.Position(a.off+a.n-1) + 1
	}
	lo = math.MaxInt64
	a.v.Runs(a.off, a.n, func(pos, n int64) bool {
		lo, hi = min(lo, pos), max(hi, pos+n)
		return true
	})
	return lo, hi
}

// lockRange sets a lock; a file that is only written can have no lock for reading.
func (f *File) lockRange(kind, writeOnly int16, lo, hi int64) error {
	if f.mode&ModeWronly != 0 {
		kind = writeOnly
	}
	l := unix.Flock_t{Type: kind, Start: lo, Len: hi - lo}
	for {
		err := unix.FcntlFlock(uintptr(f.fd), unix.F_OFD_SETLKW, &l)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fileError("lock a part of", f.name, err)
		}
		return nil
	}
}
