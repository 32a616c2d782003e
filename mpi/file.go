package mpi

import (
	"sync"
	"sync/atomic"
)

// A File is an open file of the processes of a communicator (MPI 5.0 chapter
// 14): a POSIX file that all of them reach under the same name, their own or
// one that their hosts share.
//
// Every process has a view of it (SetView), through which it sees the file as a
// sequence of etypes, and from where its offsets count. Independent accesses are
// system calls of the caller's own, or of a worker's if they do not wait.
// Collective ones are carried out by a worker of the file, one after the other:
// some processes, the aggregators, read and write for all, in large pieces.
type File struct {
	e    *engine
	comm *Comm // its own, of the same processes
	name string
	mode int
	fd   int

	view  atomic.Pointer[fileView]
	hints atomic.Pointer[fileHints]

	shared *sharedPointer

	mu       sync.Mutex // of what follows
	pos      int64      // the individual file pointer, in etypes
	split    *Request   // the split collective that has begun
	splitOf  string     // its kind
	atomic   bool       // atomic mode
	closed   bool
	work     []func() // collective accesses that wait for the worker
	working  bool
	pending  int // accesses that do not wait and have not ended
	unsynced atomic.Bool

	order sync.Mutex // held by an access in atomic mode: locks of the file's are the process's
}

// How a file is opened (section 14.2.1); the values are the standard ABI's.
const (
	ModeAppend        = 1
	ModeCreate        = 2
	ModeDeleteOnClose = 4
	ModeExcl          = 8
	ModeRdonly        = 16
	ModeRdwr          = 32
	ModeSequential    = 64
	ModeUniqueOpen    = 128
	ModeWronly        = 256
)

// From where Seek counts (section 14.4.3).
const (
	SeekCur = 401
	SeekEnd = 402
	SeekSet = 403
)

// DisplacementCurrent is the displacement of a view that begins where the
// shared pointer of a sequential file is (MPI_DISPLACEMENT_CURRENT).
const DisplacementCurrent = -1

func (f *File) check() error {
	if f == nil {
		return errorf(ErrFile, "the file is null")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return errorf(ErrFile, "the file %s was closed", f.name)
	}
	return nil
}

// Name is what the file was opened by.
func (f *File) Name() string { return f.name }

// Amode is how it was opened (MPI_File_get_amode, section 14.2.7).
func (f *File) Amode() (int, error) { return f.mode, f.check() }

// Group is the group of the processes that opened it (MPI_File_get_group).
func (f *File) Group() (*Group, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.comm.group, nil
}

// checkPlaced refuses offsets and pointers of a process's own in a file that can
// only be read and written from its beginning to its end: "MPI_MODE_SEQUENTIAL …
// only accesses by shared file pointer" (section 14.2.1).
func (f *File) checkPlaced() error {
	if f.mode&ModeSequential != 0 {
		return errorf(ErrUnsupportedOperation, "the file %s was opened with MPI_MODE_SEQUENTIAL: only the shared file pointer can be used", f.name)
	}
	return nil
}

func (f *File) checkWritable() error {
	if f.mode&ModeRdonly != 0 {
		return errorf(ErrReadOnly, "the file %s was opened with MPI_MODE_RDONLY", f.name)
	}
	return nil
}

func (f *File) checkReadable() error {
	if f.mode&ModeWronly != 0 {
		return errorf(ErrAccess, "the file %s was opened with MPI_MODE_WRONLY, and cannot be read", f.name)
	}
	return nil
}

// agree tells all processes of a collective call the worst error, which an
// argument of one of them or its system may give; own is this process's.
func (f *File) agree(own error) error {
	if f.comm.Size() == 1 {
		return own
	}
	mine, worst := []int64{int64(ClassOf(own))<<32 | int64(f.comm.rank)}, []int64{0}
	if err := f.comm.Allreduce(Slice(mine), Slice(worst), Max); err != nil {
		return err
	}
	class, rank := Class(worst[0]>>32), worst[0]&(1<<32-1)
	if own == nil && class != Success {
		return errorf(class, "rank %d of those that call this for %s has failed, and says why", rank, f.name)
	}
	return own
}

// same agrees on an error if the processes give different values.
func (f *File) same(value int64, what string) error {
	if f.comm.Size() == 1 {
		return nil
	}
	mine, most := []int64{value, -value}, []int64{0, 0}
	if err := f.comm.Allreduce(Slice(mine), Slice(most), Max); err != nil {
		return err
	}
	if most[0] != -most[1] {
		return errorf(ErrNotSame, "%s of %s is %d here, and must be the same at all ranks: they give %d to %d", what, f.name, value, -most[1], most[0])
	}
	return nil
}

// Closed reports whether Close has ended the use of the file, with an error or
// without.
func (f *File) Closed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}
