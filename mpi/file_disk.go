package mpi

import (
	"io"

	"golang.org/x/sys/unix"
)

// direct reads or writes what the access is about with this process's own system
// calls.
func (a *fileAccess) direct() error {
	if a.n == 0 {
		return nil
	}
	unlock, err := a.lock()
	if err != nil {
		return err
	}
	defer unlock()
	var scratch []byte
	for a.moved < a.n {
		var some int64
		var err error
		if span, n := a.sieve(); n > 0 {
			scratch = grow(scratch, int(span))
			some, err = a.readSpan(scratch, n)
			if err == nil && some < n {
				err = io.EOF
			}
		} else {
			some, err = a.pieces(&scratch)
		}
		a.moved += some
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pieces moves the next part of the data run by run, and returns how much it was:
// from or to the user's memory where that is in one place, else over scratch.
func (a *fileAccess) pieces(scratch *[]byte) (int64, error) {
	n := a.n - a.moved
	p := a.memory(a.moved, n)
	if p == nil {
		n = min(n, a.h.single)
		*scratch = grow(*scratch, int(n))
		p = *scratch
		if a.write {
			a.gather(p, a.moved)
		}
	}
	some, err := a.runs(p)
	if a.memory(a.moved, 0) == nil && !a.write {
		a.scatter(p[:some], a.moved)
	}
	return some, err
}

// runs reads or writes p, the data from a.moved on. It returns io.EOF where the
// file ends.
func (a *fileAccess) runs(p []byte) (some int64, err error) {
	a.v.Runs(a.off+a.moved, int64(len(p)), func(pos, n int64) bool {
		part := p[some : some+n]
		if a.write {
			if err = writeFull(a.f.fd, part, pos); err != nil {
				err = fileError("write to", a.f.name, err)
				return false
			}
			some += n
			return true
		}
		var got int
		got, err = readFull(a.f.fd, part, pos)
		some += int64(got)
		if err != nil && err != io.EOF {
			err = fileError("read", a.f.name, err)
		}
		return err == nil
	})
	return some, err
}

// Reading what lies between is cheaper than a system call for each run, up to this
// many bytes of the file per byte of data.
const sieveRatio = 8

// sieve looks whether the next part of a read is better read with the gaps between
// its runs: n bytes of data in span bytes of the file. n is 0 if it is not. Writes
// never do so: to write back what lies between would undo what others write there.
func (a *fileAccess) sieve() (span, n int64) {
	if a.write || a.h.sieve == 0 || a.v.Whole() || !a.v.Disjoint() {
		return 0, 0
	}
	from := a.off + a.moved
	start := a.v.Position(from)
	n = min(a.v.Before(start+a.h.single)-from, a.n-a.moved)
	if n <= 0 {
		return 0, 0
	}
	span = a.v.Position(from+n-1) + 1 - start
	if span == n || span > n*sieveRatio {
		return 0, 0
	}
	return span, n
}

// readSpan reads the part of the file that the next n bytes of data lie in.
func (a *fileAccess) readSpan(span []byte, n int64) (int64, error) {
	start := a.v.Position(a.off + a.moved)
	got, err := readFull(a.f.fd, span, start)
	if err != nil && err != io.EOF {
		return 0, fileError("read", a.f.name, err)
	}
	some := int64(0)
	a.v.Runs(a.off+a.moved, n, func(pos, n int64) bool {
		at := pos - start
		end := min(at+n, int64(got))
		if at >= end {
			return false
		}
		a.scatter(span[at:end], a.moved+some)
		some += end - at
		return end == at+n
	})
	return some, nil
}

// maxTransfer is less than what Linux moves in one system call.
const maxTransfer = 1 << 30

func readFull(fd int, p []byte, pos int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Pread(fd, p[done:min(done+maxTransfer, len(p))], pos+int64(done))
		switch {
		case err == unix.EINTR:
		case err != nil:
			return done, err
		case n == 0:
			return done, io.EOF
		default:
			done += n
		}
	}
	return done, nil
}

func writeFull(fd int, p []byte, pos int64) error {
	for len(p) > 0 {
		n, err := unix.Pwrite(fd, p[:min(maxTransfer, len(p))], pos)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return err
		case n == 0:
			return io.ErrShortWrite
		default:
			p, pos = p[n:], pos+int64(n)
		}
	}
	return nil
}
