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
		n, span := a.next()
		some, err := int64(0), error(nil)
		if span > 0 {
			scratch = grow(scratch, int(span))
			some, err = a.readSpan(scratch, n)
		} else {
			some, err = a.pieces(n, &scratch)
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

// pieces moves n bytes of data run by run, from or to the user's memory where that
// is in one place, else over scratch.
func (a *fileAccess) pieces(n int64, scratch *[]byte) (int64, error) {
	if p := a.memory(a.moved, n); p != nil {
		return a.runs(p)
	}
	*scratch = grow(*scratch, int(min(n, a.h.single)))
	p := *scratch
	if a.write {
		a.gather(p, a.moved)
	}
	some, err := a.runs(p)
	if !a.write {
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

// next is how many bytes of data to move next. If span is not 0, they are better
// read with the gaps between their runs: span bytes of the file. Writes never do so:
// to write back what lies between would undo what others write there.
func (a *fileAccess) next() (n, span int64) {
	n = a.n - a.moved
	if a.write || a.h.sieve == 0 || a.v.Whole() || !a.rises {
		return n, 0
	}
	from := a.off + a.moved
	start := a.v.Position(from)
	n = a.v.Cut(from, n, start+a.h.single)
	span = a.v.Position(from+n-1) + 1 - start
	if span == n || span > n*sieveRatio {
		return n, 0
	}
	return n, span
}

// readSpan reads the part of the file that the next n bytes of data lie in. It
// returns io.EOF where the file ends.
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
	if some < n {
		return some, io.EOF
	}
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
