package mpi

import (
	"math"
	"unsafe"
)

// fileWhere is where an access begins: the standard's kinds of positioning
// (section 14.4.1).
type fileWhere uint8

const (
	explicitOffset fileWhere = iota
	individualPointer
	sharedFilePointer
	orderedPointer // the shared pointer, in the order of ranks; collective
)

// A fileCall is what an access is asked to do.
type fileCall struct {
	where  fileWhere
	write  bool
	all    bool // collective
	offset int64
	buf    Buffer
}

// A fileAccess is an access: n bytes of the data of a view, from offset off on, and
// the user's memory.
type fileAccess struct {
	f      *File
	v      *fileView
	h      *fileHints
	write  bool
	all    bool // collective
	atomic bool
	buf    Buffer
	off, n int64

	ordered bool   // off is not known yet: the processes deal it out
	stage   []byte // the data in the file's representation, where that is not the memory's
	run     unsafe.Pointer
	rises   bool  // no byte of the file twice, positions rise
	moved   int64 // bytes that were read or written
}

// prepare checks a call and takes its part of the file: from here on the file
// pointers stand behind it, whatever becomes of it (section 14.4.3).
func (f *File) prepare(c fileCall) (*fileAccess, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := f.checkCall(&c); err != nil {
		return nil, err
	}
	v := f.view.Load()
	if err := v.rep.checkRoom(c.buf.Type); err != nil {
		return nil, err
	}
	a := &fileAccess{f: f, v: v, h: f.hints.Load(), write: c.write, all: c.all, buf: c.buf}
	each := v.rep.sizes().Size(c.buf.Type.t)
	a.n = int64(c.buf.Count) * each
	if each > 0 && int64(c.buf.Count) > math.MaxInt64/each {
		return nil, errorf(ErrCount, "%d elements of %s are more bytes than 63 bits can count", c.buf.Count, c.buf.Type.label())
	}
	etypes := a.n / v.Unit()
	if etypes*v.Unit() != a.n {
		return nil, errorf(ErrArg, "%d bytes of data are no whole number of etypes of %d: accesses are in units of etypes", a.n, v.Unit())
	}
	var at int64
	var err error
	switch c.where {
	case explicitOffset:
		at = c.offset
	case individualPointer:
		f.mu.Lock()
		at = f.pos
		f.pos += etypes
		f.mu.Unlock()
	case sharedFilePointer:
		if at, err = f.shared.advance(etypes); err != nil {
			return nil, err
		}
	case orderedPointer:
		a.ordered = true
	}
	if at > (math.MaxInt64-a.n)/v.Unit() {
		return nil, errorf(ErrArg, "%d etypes from %d on are beyond the largest file", etypes, at)
	}
	if a.off = at * v.Unit(); v.Empty() { // a filetype without data: nothing is seen
		a.n = 0
	}
	f.mu.Lock()
	a.atomic = f.atomic
	f.mu.Unlock()
	a.rises = v.Rises(a.off, a.n)
	if disp, ok := c.buf.Type.t.Run(int64(c.buf.Count)); ok && v.rep.asMemory() && a.n > 0 {
		a.run = unsafe.Add(c.buf.Addr, disp)
	}
	return a, nil
}

func (f *File) checkCall(c *fileCall) error {
	if c.where == explicitOffset || c.where == individualPointer {
		if err := f.checkPlaced(); err != nil {
			return err
		}
	}
	if c.where == explicitOffset && c.offset < 0 {
		return errorf(ErrArg, "the offset is %d; it must not be negative", c.offset)
	}
	way := f.checkReadable
	if c.write {
		way = f.checkWritable
	}
	if err := way(); err != nil {
		return err
	}
	if err := c.buf.check(); err != nil {
		return err
	}
	if c.all {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.split != nil {
			return errorf(ErrOther, "the split collective %s of %s has begun and not ended: no other collective access may begin", f.splitOf, f.name)
		}
	}
	return nil
}

// perform carries the access out.
func (a *fileAccess) perform() error {
	if a.write {
		a.f.unsynced.Store(true)
	}
	failed := a.encode()
	if failed != nil {
		if !a.all {
			return failed
		}
		a.n = 0 // the others are not kept waiting
	}
	move := a.direct
	if a.all {
		move = a.collective
	}
	err := move()
	if err == nil && failed == nil && !a.write {
		err = a.decode()
	}
	if failed != nil {
		return failed
	}
	return err
}

// status of the access: what was transferred, in bytes of the memory's datatype.
func (a *fileAccess) status(s *Status) {
	s.bytes = a.moved
	if !a.v.rep.asMemory() {
		_, s.bytes = a.v.rep.sizes().Items(a.buf.Type.t, a.moved)
	}
}

// memory is n bytes of the data from off on (counted from the access's beginning)
// where they are, nil if they are not in one place.
func (a *fileAccess) memory(off, n int64) []byte {
	switch {
	case a.stage != nil:
		return a.stage[off : off+n]
	case a.run != nil:
		return bytesAt(unsafe.Add(a.run, off), n)
	}
	return nil
}

// gather copies data to p, scatter from p.
func (a *fileAccess) gather(p []byte, off int64) {
	if m := a.memory(off, int64(len(p))); m != nil {
		copy(p, m)
	} else if len(p) > 0 {
		a.buf.Type.t.Pack(p, a.buf.Addr, int64(a.buf.Count), off)
	}
}

func (a *fileAccess) scatter(p []byte, off int64) {
	if m := a.memory(off, int64(len(p))); m != nil {
		copy(m, p)
	} else if len(p) > 0 {
		a.buf.Type.t.Unpack(a.buf.Addr, int64(a.buf.Count), off, p)
	}
}

// now does an independent access on the caller's own stack.
func (f *File) now(c fileCall) (Status, error) {
	a, err := f.prepare(c)
	if err != nil {
		return Status{}, err
	}
	if err := a.perform(); err != nil {
		return Status{}, err
	}
	s := emptyStatus()
	a.status(&s)
	return s, nil
}

// start begins an access that does not wait.
func (f *File) start(c fileCall) (*Request, error) {
	a, err := f.prepare(c)
	if err != nil {
		return nil, err
	}
	if c.all {
		return f.inOrder(a.job), nil
	}
	return f.offload(a.job), nil
}

// job carries the access out in place of a request.
func (a *fileAccess) job(r *Request) error {
	err := a.perform()
	a.status(&r.status)
	return err
}

// waits is a collective access that waits. The caller is its own worker, unless
// others have begun: they come first.
func (f *File) waits(c fileCall) (Status, error) {
	a, err := f.prepare(c)
	if err != nil {
		return Status{}, err
	}
	if !f.takeWork() {
		return f.inOrder(a.job).Wait()
	}
	err = a.perform()
	f.giveWork()
	if err != nil {
		return Status{}, err
	}
	s := emptyStatus()
	a.status(&s)
	return s, nil
}

// begins and ends are a split collective (section 14.4.5): "at any time, each file
// handle may have at most one active split collective operation".
func (f *File) begins(c fileCall, kind string) error {
	r, err := f.start(c)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.split, f.splitOf = r, kind
	f.mu.Unlock()
	return nil
}

func (f *File) ends(kind string) (Status, error) {
	r, err := f.SplitEnd(kind)
	if err != nil {
		return Status{}, err
	}
	return r.Wait()
}

// SplitEnd is for language bindings: what the end of a split collective waits for.
// kind is the C name of the collective.
func (f *File) SplitEnd(kind string) (*Request, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.split == nil || f.splitOf != kind {
		return nil, errorf(ErrOther, "no %s of %s has begun", kind, f.name)
	}
	r := f.split
	f.split = nil
	return r, nil
}
