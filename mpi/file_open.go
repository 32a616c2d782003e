package mpi

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenFile opens a file on all processes of c (MPI_File_open, section 14.2.1).
// amode is a sum of the Mode constants, the same at all of them; the names may
// differ, the file may not. Collective.
//
// Classes of errors: ErrAmode, ErrNotSame, ErrNoSuchFile, ErrFileExists,
// ErrAccess, ErrReadOnly, ErrBadFile, ErrNoSpace, ErrQuota, ErrIO.
func (c *Comm) OpenFile(name string, amode int, info *Info) (*File, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Inter() {
		return nil, errorf(ErrComm, "a file needs an intracommunicator")
	}
	if err := checkAmode(amode); err != nil {
		return nil, err
	}
	ctx, err := c.agreeContext()
	if err != nil {
		return nil, err
	}
	f := &File{e: c.e, comm: c.e.newComm(ctx, c.group), name: name, mode: amode, fd: -1}
	f.view.Store(bytesView)
	if err := f.open(info); err != nil {
		f.dismiss()
		return nil, err
	}
	return f, nil
}

// checkAmode: "it is erroneous to specify MPI_MODE_CREATE or MPI_MODE_EXCL in
// conjunction with MPI_MODE_RDONLY, or MPI_MODE_SEQUENTIAL together with
// MPI_MODE_RDWR"; exactly one of the three ways of access is given.
func checkAmode(amode int) error {
	ways := 0
	for _, m := range []int{ModeRdonly, ModeRdwr, ModeWronly} {
		if amode&m != 0 {
			ways++
		}
	}
	switch {
	case amode&^(2*ModeWronly-1) != 0:
		return errorf(ErrAmode, "the access mode %#x has bits that are no mode", amode)
	case ways != 1:
		return errorf(ErrAmode, "the access mode has %d of MPI_MODE_RDONLY, MPI_MODE_RDWR and MPI_MODE_WRONLY, and needs exactly one", ways)
	case amode&ModeRdonly != 0 && amode&(ModeCreate|ModeExcl) != 0:
		return errorf(ErrAmode, "MPI_MODE_CREATE and MPI_MODE_EXCL do not go with MPI_MODE_RDONLY")
	case amode&ModeRdwr != 0 && amode&ModeSequential != 0:
		return errorf(ErrAmode, "MPI_MODE_SEQUENTIAL does not go with MPI_MODE_RDWR")
	}
	return nil
}

func (f *File) open(info *Info) error {
	if err := f.same(int64(f.mode), "the access mode"); err != nil {
		return err
	}
	if err := f.setHints(info); err != nil {
		return err
	}
	if err := f.openAll(); err != nil {
		return err
	}
	if f.mode&ModeAppend != 0 { // "set initial position of all file pointers to end of file"
		f.pos, _ = f.size()
	}
	var err error
	f.shared, err = f.newSharedPointer(f.pos)
	return err
}

// openAll: the first process alone creates the file. With MPI_MODE_EXCL the others
// would otherwise find that it exists.
func (f *File) openAll() error {
	flags := unix.O_CLOEXEC
	switch {
	case f.mode&ModeRdwr != 0:
		flags |= unix.O_RDWR
	case f.mode&ModeWronly != 0:
		flags |= unix.O_WRONLY
	}
	create := 0
	if f.mode&ModeCreate != 0 {
		create |= unix.O_CREAT
		if f.mode&ModeExcl != 0 {
			create |= unix.O_EXCL
		}
	}
	var failed error
	if f.comm.rank == 0 {
		failed = f.openOne(flags | create)
	}
	failed = f.agree(failed)
	if failed == nil && f.comm.rank != 0 {
		failed = f.openOne(flags)
		if ClassOf(failed) == ErrNoSuchFile {
			failed = errorf(ErrNoSuchFile, "%v; rank 0 has opened it: all ranks need the same file system, and the same working directory for this name", failed.(*Error).Text)
		}
	}
	return f.agree(failed)
}

func (f *File) openOne(flags int) error {
	if f.name == "" {
		return errorf(ErrBadFile, "the file's name is empty")
	}
	fd, err := retry(func() (int, error) { return unix.Open(f.name, flags, f.hints.Load().perm) })
	if err != nil {
		return fileError("open", f.name, err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Mode&unix.S_IFMT == unix.S_IFDIR {
		unix.Close(fd)
		if err == nil {
			err = unix.EISDIR
		}
		return fileError("open", f.name, err)
	}
	f.fd = fd
	return nil
}

// retry repeats a system call that a signal has interrupted.
func retry[T any](call func() (T, error)) (T, error) {
	for {
		v, err := call()
		if err != unix.EINTR {
			return v, err
		}
	}
}

// permissions is the info key file_perm, "in the form of octal" (section 14.2.8).
func permissions(info *Info) uint32 {
	if text, ok := info.Get("file_perm"); ok {
		if n, err := strconv.ParseUint(strings.TrimSpace(text), 8, 12); err == nil {
			return uint32(n)
		}
	}
	return 0o666
}

// Close ends the use of the file (MPI_File_close, section 14.2.2): it brings it to
// its storage first, and removes it if it was opened with ModeDeleteOnClose.
// Accesses that do not wait must have ended. Collective.
func (f *File) Close() error {
	if err := f.check(); err != nil {
		return err
	}
	if err := f.end(); err != nil {
		return err
	}
	var failed error
	if f.mode&ModeDeleteOnClose == 0 {
		failed = f.flush()
	}
	err := f.shared.free() // all processes meet here
	if failed == nil {
		failed = err
	}
	if f.comm.rank == 0 && f.mode&ModeDeleteOnClose != 0 {
		if err := unix.Unlink(f.name); err != nil && err != unix.ENOENT {
			failed = fileError("delete", f.name, err)
		}
	}
	failed = f.agree(failed) // nobody returns before it is gone
	f.dismiss()
	return failed
}

// end closes the file to further calls: "the user is responsible for ensuring that
// all outstanding nonblocking requests and split collective operations … have
// completed before".
func (f *File) end() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.split != nil || f.pending > 0 {
		return errorf(ErrOther, "accesses to %s have begun and not ended; wait for them before it is closed", f.name)
	}
	f.closed = true
	return nil
}

func (f *File) dismiss() {
	if f.fd >= 0 {
		unix.Close(f.fd)
		f.fd = -1
	}
	f.comm.Free()
}

// DeleteFile removes a file (MPI_File_delete, section 14.2.3): ErrNoSuchFile if there
// is none.
func DeleteFile(name string, info *Info) error {
	if name == "" {
		return errorf(ErrBadFile, "the file's name is empty")
	}
	return fileError("delete", name, unix.Unlink(name))
}
