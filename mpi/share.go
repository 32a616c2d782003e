package mpi

import (
	"unsafe"

	"rainmpi/mpi/internal/shm"
)

// A share is a long message inside a host that both ends copy at the same time, each a part of it: the receiver
// reads, the sender writes (shm.Cut). It begins as a fetch, and goes on as one if the sender does not come:
//
//	receiver  opens a cut, and sends kindShare; takes parts from the front and reads them
//	sender    takes parts from the back and writes them; if it got any, kindShared says what was written
//	receiver  kindFin, when all is here
//
// Like other work the receive is in no queue of the engine's meanwhile, so nothing else ends it: who has taken a part copies it
// at once, and if one cannot, what is missing comes through the ring. The send may end before, as its communicator is
// revoked: its memory is still what is copied then, by either end.
type share struct {
	cut  *shm.Cut
	gen  uint32
	r    *Request // nil: this one is free
	head header
	n    int64

	done   int64 // bytes that were read, from the front on
	theirs int64 // that the sender has taken; -1: not known yet
	told   int64 // that it has written; -1: it has not said yet
}

// A message of shareFrom bytes is divided; a shorter one is whoever's comes first.
const shareFrom = 256 << 10

// offerShares asks the sender of a message that is to be read now to help with it, and with the next one. It is not
// asked while it has messages of this rank to read itself. mu is held.
func (e *engine) offerShares(w *work) {
	if w.size >= shareFrom {
		e.offerShare(w)
	}
	if next := e.work.first; next != nil && next.from == w.from {
		e.offerShare(next)
	}
}

func (e *engine) offerShare(w *work) {
	p := w.from
	if !w.divides || w.off > 0 || p.sends > 0 || p.failed || e.mem.wait.Spins == 0 || e.mem.seg.Control(p.local).Waiting.Load() == 0 {
		return
	}
	for i := range p.shares {
		s := &p.shares[i]
		if s.r != nil {
			continue
		}
		if s.cut == nil {
			s.cut = e.mem.seg.Cut(p.local, e.mem.seg.Me(), i)
		}
		*s = share{cut: s.cut, r: w.r, head: w.head, n: w.size, theirs: -1, told: -1}
		s.gen = s.cut.Open(uintptr(w.r.addr), s.n)
		e.answer(p, header{kind: kindShare, id: s.head.id, tag: shareTag(i, s.gen)})
		e.work.open++ // till both have ended
		w.divides, w.share, w.part, w.end = false, s, readShare, readShareEnd
		w.size, w.piece = 1<<62, 1 // how much it is shows at the end
		return
	}
}

// shareBits of the tag say which cut of the ring it is, the rest is the generation.
const shareBits = 4

func shareTag(cut int, gen uint32) int32 { return int32(cut) | int32(gen)<<shareBits }

// shared is what a tag of kindShare and kindShared names; not ok: no engine sends it.
func (h *header) shared() (cut int, gen uint32, ok bool) {
	cut = int(h.tag) & (1<<shareBits - 1)
	return cut, uint32(h.tag) >> shareBits, h.tag >= 0 && cut < shm.Cuts
}

// lastPart says that there is no more.
func (w *work) lastPart() bool {
	w.size = 0
	return true
}

func readShare(w *work, _, _ int64) bool {
	s := w.share
	off, n := s.cut.Front(s.gen)
	if n == 0 {
		return w.lastPart()
	}
	start := now()
	got := int64(w.e.mem.seg.Read(w.from.local, unsafe.Add(w.r.addr, off), w.addr+uintptr(off), int(n)))
	w.copying += now() - start
	s.done += got
	return got == n
}

func readShareEnd(w *work, ok bool) {
	e, s := w.e, w.share
	if ok {
		w.from.pace.cameRead(s.n, s.done, w.copying)
	}
	s.theirs = s.n - s.cut.Close(s.gen)
	e.shared(w.from, s)
}

// shared ends a share, if both ends have said what they have done.
func (e *engine) shared(p *proc, s *share) {
	if s.theirs < 0 || s.theirs > 0 && s.told < 0 && !p.failed {
		return
	}
	r := s.r
	s.r = nil
	if e.work.open--; e.work.open == 0 {
		e.wait.changed() // for drained
	}
	switch {
	case s.done+s.theirs == s.n && max(s.told, 0) == s.theirs:
		e.answer(p, header{kind: kindFin, id: s.head.id})
		e.complete(r, r.err)
	case p.failed:
		e.complete(r, e.lostWith(r, p))
	default:
		e.clearToSend(r, p, s.head, s.done-s.done%fetchPiece)
	}
}

// buryShares ends those that wait for a process that has failed.
func (e *engine) buryShares(p *proc) {
	for i := range p.shares {
		if s := &p.shares[i]; s.r != nil {
			e.shared(p, s)
		}
	}
}

// helpShare: p, the receiver of r, wants a part of it written into its memory.
func (e *engine) helpShare(p *proc, r *Request, h header) {
	if !r.t.Contiguous() || !e.mem.seg.Writable(p.local) {
		return
	}
	w := e.newWork()
	w.part, w.end = writeShare, wroteShare
	w.from, w.head = p, h
	w.data.Addr, w.data.Count = r.addr, r.size // r may be another send by then
	w.piece = 1
	w.begin(e, 1<<62)
}

func writeShare(w *work, _, _ int64) bool {
	seg := w.e.mem.seg
	cut, gen, _ := w.head.shared()
	off, n, at := seg.Cut(seg.Me(), w.from.local, cut).Back(gen)
	if n == 0 {
		return w.lastPart()
	}
	w.took = true
	if off < 0 || off+n > w.data.Count {
		return false
	}
	put := int64(seg.Write(w.from.local, at+uintptr(off), unsafe.Add(w.data.Addr, off), int(n)))
	w.put += put
	return put == n
}

func wroteShare(w *work, _ bool) {
	if w.took {
		w.e.answer(w.from, header{kind: kindShared, tag: w.head.tag, size: uint64(w.put)})
	}
}
