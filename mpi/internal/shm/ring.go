package shm

import (
	"sync/atomic"
	"unsafe"
)

// The order of the accesses to memory, and why no more is needed. The same holds for cbind/eager.c, which uses the
// same rings with the weakest order that is enough. (A) and (B) need a full barrier between a store and a load.
//
// Half a line is the reader's from when the record in it is published until head has passed it, and else the writer's.
// head is the start of a line. The first word of a line of the writer's is 0 until it stores there: the reader cleared
// it. That of a line's second half is 0 from when a record that ends before it is published: the writer cleared it.
//
//   - A record is there whole, or it is not there. The writer fills in the bytes behind the first word, and clears
//     the word behind the record if that is a line's second half, then stores the first word (release); the reader
//     loads it (acquire) and looks at nothing behind it while it is 0. If the writer dies in between, nobody ever
//     looks there.
//   - The end of the ring. The writer has room for all of its record before it stores wrap (release) where the next
//     one would begin. The reader (acquire) clears what is its own up to there, and looks at the first line; whoever
//     waits must now look at another word: Word.
//   - Room. The reader has read the records and cleared the first words of their lines before it stores head
//     (release); the writer loads head (acquire) before it stores into those lines.
//   - (A) A writer without room stores 0 to room, 1 to hungry, and loads head again; the reader stores head and
//     loads hungry. One of them sees the other: the writer the room, or the reader the writer, and then it
//     stores 1 to room. The writer takes room back before it is hungry, so that it never takes back a later word.
//   - (B) Who may be parked. The writer publishes and loads Sleeping; the reader counts itself in Sleeping and
//     loads the words (mpi/wait.go). So it is with room, the other way round.
//   - A reader that gives room once per quarter keeps nobody waiting: a record takes a quarter at most, and so
//     does what is left before the end of the ring where it does not fit. A writer that finds no room has more
//     than half of the ring in use, of which at most a quarter and half a line is read and not given.
//
// Each end stores to one word at a time, and any state between two of its stores is one that the other end also
// meets while both live: it lasts longer if one is dead. The other then fills its ring, or waits for a word that
// does not come, until it is told (mpi/failure.go).
//
// mpi's TestInterleavings goes through all orders of these accesses, TestRing has the race detector look at them.

const (
	recordHead = 8
	grain      = line / 2 // records start at multiples of it
	wrap       = ^uint32(0)

	// cleared is how many bytes of lines a reader clears at a time: it stays off those that the writer is busy in.
	cleared = 16 * line
)

// ring is what writer and reader share. Positions count bytes since the
// beginning of the job and are multiples of half a cache line.
type ring struct {
	head   *atomic.Uint64 // everything before it is the writer's again
	hungry *atomic.Uint32 // 1: the writer waits for room
	room   *uint32        // 1: it has some; see Writer.Room
	data   []byte
}

func (r *ring) word(pos uint64) *uint32 {
	return (*uint32)(unsafe.Pointer(&r.data[pos&uint64(len(r.data)-1)]))
}

// spanned is the number of bytes that a record of n takes, whole grains.
func spanned(n int) uint64 { return uint64(n+recordHead+grain-1) &^ (grain - 1) }

// A Writer is the sending end of a ring; it belongs to one rank and is used
// under its engine's lock.
type Writer struct {
	ring
	pos  uint64 // the next record's
	seen uint64 // the reader's head as last read
	n    int    // bytes of the reserved record
}

// Reserve returns the n bytes of the next record to fill in, or nil if there
// is no room now. Publish makes it visible.
func (w *Writer) Reserve(n int) []byte {
	size, need := uint64(len(w.data)), spanned(n)
	at := w.pos & (size - 1)
	skip := uint64(0)
	if at+need > size {
		skip = size - at
	}
	if w.full(skip + need) {
		// Say that we wait, then look once more: the reader gives room and then
		// looks whether anybody waits. One of the two sees the other.
		atomic.StoreUint32(w.room, 0)
		w.hungry.Store(1)
		if w.full(skip + need) {
			return nil
		}
		w.hungry.Store(0)
	}
	if skip > 0 {
		// The reader may be looking at this word: it goes on at the start,
		// where it finds nothing until Publish.
		atomic.StoreUint32(w.word(w.pos), wrap)
		w.pos += skip
		at = 0
	}
	w.n = n
	return w.data[at+recordHead : at+recordHead+uint64(n)]
}

func (w *Writer) full(need uint64) bool {
	if w.pos+need-w.seen > uint64(len(w.data)) {
		w.seen = w.head.Load()
	}
	return w.pos+need-w.seen > uint64(len(w.data))
}

// Room becomes 1 when the reader has given room after a Reserve found none.
func (w *Writer) Room() *uint32 { return w.room }

// Publish hands the reserved record to the reader. It is a full barrier: a
// load of the reader's Sleeping after it tells the truth.
func (w *Writer) Publish() {
	next := w.pos + spanned(w.n)
	if next%line != 0 {
		*w.word(next) = 0
	}
	atomic.StoreUint32(w.word(w.pos), uint32(w.n)+1)
	w.pos = next
}

// A Reader is the receiving end of a ring.
type Reader struct {
	ring
	pos   uint64 // the next record's
	clean uint64 // the first line that is not cleared yet
	given uint64 // head as last published
}

// Word is where the next record's first word will appear: not 0 means work.
func (r *Reader) Word() *uint32 { return r.word(r.pos) }

// Next returns the next record, nil if there is none. It is valid until
// Release.
func (r *Reader) Next() []byte {
	w := atomic.LoadUint32(r.word(r.pos))
	if w == 0 {
		return nil
	}
	if w == wrap {
		r.clear(r.pos&^(line-1) + line)
		r.pos += uint64(len(r.data)) - r.pos&uint64(len(r.data)-1)
		r.clean = r.pos
		if w = atomic.LoadUint32(r.word(r.pos)); w == 0 {
			return nil
		}
	}
	at := r.pos & uint64(len(r.data)-1)
	return r.data[at+recordHead : at+recordHead+uint64(w-1)]
}

// Release gives the record that Next returned back to the writer. The
// position is published once per quarter of the ring, to keep its cache line
// at rest.
// It reports whether the writer waited for this, and should be woken.
func (r *Reader) Release(n int) (wake bool) {
	r.pos += spanned(n)
	if r.pos-r.clean < cleared {
		return false
	}
	end := r.pos &^ (line - 1)
	r.clear(end)
	if end-r.given >= uint64(len(r.data))/4 {
		r.given = end
		r.head.Store(end)
		if r.hungry.Load() != 0 {
			r.hungry.Store(0)
			atomic.StoreUint32(r.room, 1)
			return true
		}
	}
	return false
}

// clear clears the first words of the lines up to end.
func (r *Reader) clear(end uint64) {
	for p := r.clean; p < end; p += line {
		*r.word(p) = 0
	}
	r.clean = end
}
