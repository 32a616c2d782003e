package mpi

import (
	"golang.org/x/sys/unix"
)

// Size is the file's in bytes (MPI_File_get_size, section 14.2.6).
func (f *File) Size() (int64, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	return f.size()
}

func (f *File) size() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(f.fd, &st); err != nil {
		return 0, fileError("ask for the size of", f.name, err)
	}
	return st.Size, nil
}

// SetSize makes the file n bytes long (MPI_File_set_size, section 14.2.4): what is
// beyond is lost, what is new reads as zeros. Collective.
func (f *File) SetSize(n int64) error { return f.resize(n, "set the size of", f.truncate) }

// Preallocate makes sure that the first n bytes have room on the storage
// (MPI_File_preallocate, section 14.2.5). A file that is longer stays as long.
// Collective.
func (f *File) Preallocate(n int64) error { return f.resize(n, "allocate room for", f.allocate) }

// resize lets the first process do it. "All nonblocking requests and split
// collective operations must be completed before" (section 14.2.4).
func (f *File) resize(n int64, what string, how func(int64) error) error {
	err := f.check()
	if err == nil {
		err = f.checkWritable()
	}
	if err == nil {
		err = f.checkPlaced()
	}
	if err == nil && n < 0 {
		err = errorf(ErrArg, "the size is %d; it must not be negative", n)
	}
	if err != nil {
		return err
	}
	if err := f.drain(); err != nil {
		return err
	}
	if err := f.same(n, "the size"); err != nil { // and all have written what they wrote before
		return err
	}
	if f.comm.rank == 0 {
		err = fileError(what, f.name, how(n))
	}
	return f.agree(err)
}

func (f *File) truncate(n int64) error {
	_, err := retry(func() (int, error) { return 0, unix.Ftruncate(f.fd, n) })
	return err
}

func (f *File) allocate(n int64) error {
	if n == 0 {
		return nil
	}
	_, err := retry(func() (int, error) { return 0, unix.Fallocate(f.fd, 0, 0, n) })
	if err == unix.EOPNOTSUPP {
		return f.fill(n)
	}
	return err
}

// fill writes zeros behind the end, where the file system cannot allocate. What is
// before the end may have holes, which only a rewrite would fill: another process
// may write there now.
func (f *File) fill(n int64) error {
	at, err := f.size()
	zeros := make([]byte, min(max(n-at, 0), 1<<20))
	for err == nil && at < n {
		some := zeros[:min(int64(len(zeros)), n-at)]
		if err = writeFull(f.fd, some, at); err == nil {
			at += int64(len(some))
		}
	}
	return err
}

// Sync brings what this process wrote to the storage, and shows it what others
// have brought there (MPI_File_sync, section 14.6.1). Collective.
func (f *File) Sync() error {
	if err := f.check(); err != nil {
		return err
	}
	f.mu.Lock()
	busy := f.split != nil || f.pending > 0
	f.mu.Unlock()
	if busy {
		return errorf(ErrOther, "accesses to %s have begun and not ended; wait for them before MPI_File_sync", f.name)
	}
	return f.flush()
}

// flush has nothing to do for a process that wrote nothing: what others see is in
// the system already, or with their host.
func (f *File) flush() error {
	if !f.unsynced.Swap(false) {
		return nil
	}
	_, err := retry(func() (int, error) { return 0, unix.Fdatasync(f.fd) })
	if err == unix.EINVAL || err == unix.ENOSYS { // a device that has no storage of its own
		return nil
	}
	return fileError("synchronize", f.name, err)
}
