package mpi

import (
	"slices"
	"unsafe"

	"rainmpi/mpi/internal/dtype"
)

// accessed does what a peer asks of a window of this process. mu is held; the
// program is not involved.
func (e *engine) accessed(p *proc, h header, payload []byte) {
	a := decodeAccess(payload)
	payload = payload[accessSize:]
	w := e.window(h.ctx)
	if w == nil {
		e.refuse(p, h, ErrWin)
		return
	}
	t := p.types.at(a.t)
	p.mayAccess(w, h, &a, t, payload)
	base, err := w.place(a.disp, a.count, t)
	if err != nil {
		if h.id == 0 {
			w.peers[h.src].fault = err.Class
		}
		e.refuse(p, h, err.Class)
		return
	}
	there := vec{base, a.count, t}
	switch h.kind {
	case kindPut:
		t.Unpack(base, a.count, int64(h.size), payload)
	case kindPutRTS:
		r := e.newRMA(there)
		r.detached, r.to = true, p
		e.grant(r, p, h, payload)
	case kindGet:
		w.give(p, h, there)
	case kindAcc:
		c := combining{op: a.op, t: t, base: base, count: a.count, off: int64(h.size), in: payload, control: w.others(), e: w.e}
		c.run(int64(h.tag))
	case kindFetch:
		r := e.reply(h, int(h.tag))
		c := combining{op: a.op, t: t, base: base, count: a.count, off: int64(h.size), in: payload, old: r.rma.own, control: w.others(), e: w.e}
		c.run(int64(h.tag))
		e.post(p, r)
	case kindSwap:
		size := a.basic.Size()
		h.size = 0
		r := e.reply(h, int(size))
		w.control.swap(w.e, base, payload[:size], payload[size:2*size], r.rma.own)
		e.post(p, r)
	}
}

// place is where an access goes, if it is inside the window.
func (w *Win) place(disp, count int64, t *dtype.Type) (unsafe.Pointer, *Error) {
	lo, hi := t.Span(count)
	if w.flavor != FlavorDynamic {
		if disp+lo < 0 || disp+hi > w.size {
			return nil, errorf(ErrRMARange, "bytes %d to %d of a window of %d", disp+lo, disp+hi, w.size)
		}
		return unsafe.Add(w.base, disp), nil
	}
	if lo == hi {
		return nil, nil
	}
	var base unsafe.Pointer
	t.Runs(count, 0, count*t.Size(), func(at, n int64) bool {
		if base = w.attached(disp+at, n); base == nil {
			return false
		}
		base = unsafe.Add(base, -at)
		return true
	})
	if base == nil {
		return nil, errorf(ErrRMARange, "nothing is attached at some of the addresses %#x to %#x", disp+lo, disp+hi)
	}
	return base, nil
}

// attached is where n bytes from an address on are, if all are attached: they
// may be of several regions that touch.
func (w *Win) attached(addr, n int64) unsafe.Pointer {
	for i := range w.regions {
		r := &w.regions[i]
		at := addr - int64(uintptr(r.base))
		if at < 0 || at >= r.size {
			continue
		}
		if at+n <= r.size || w.attached(addr+r.size-at, n-(r.size-at)) != nil {
			return unsafe.Add(r.base, at)
		}
	}
	return nil
}

// others is the control of memory that others than this engine change too.
func (w *Win) others() *winControl {
	if w.allocated() {
		return w.control
	}
	return nil
}

// refuse tells the origin of an operation that waits for an answer.
func (e *engine) refuse(p *proc, h header, c Class) {
	if h.id != 0 {
		e.answer(p, header{kind: kindFault, id: h.id, tag: int32(c)})
	}
}

// give sends a peer memory that it asked for.
func (w *Win) give(p *proc, h header, v vec) {
	e := w.e
	r := e.newRMA(v)
	r.detached, r.rma.lender = true, w
	if r.size <= e.inline(p) {
		r.head = header{kind: kindData, id: h.id, tag: int32(r.size)}
		e.post(p, r)
		return
	}
	r.to = p
	e.sendGranted(p, r, h.id, 0)
}

// reclaim waits until rails have done with all that was given so far. Whoever asked for it may have had it for long:
// what a rail took for lost is sent again, out of the memory of the window, until that is acknowledged. So no memory of
// a window is its owner's again before.
func (w *Win) reclaim() {
	e := w.e
	e.mu.Lock()
	given := e.net.lent(w)
	e.mu.Unlock()
	e.until(func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return !slices.ContainsFunc(given, e.net.sending)
	})
}

// reply makes the answer to a fetch: n bytes for the origin's buffer at offset
// h.size.
func (e *engine) reply(h header, n int) *Request {
	r := e.newRMA(vec{t: dtype.Byte.Type()})
	r.detached = true
	r.rma.hold(n)
	r.head = header{kind: kindData, id: h.id, size: h.size, tag: int32(n)}
	return r
}
