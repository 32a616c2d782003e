package shm

import (
	"sync/atomic"
	"unsafe"
)

// A Cut divides a long message between two ranks that copy it at the same time: its receiver reads it out of the
// sender's memory from the front on, its sender writes it into the receiver's from the back on. Each takes a part for
// itself before it copies it, half of what is left, so that they need not be equally quick, nor both there. Both ends of a
// ring have a few, for as many messages of its writer.
//
// The order of the accesses. The receiver opens a cut when nothing of it is left to take: it stores where the message
// belongs, and how long it is, and the word with another generation, and tells the sender of that through a ring, which orders them.
// A part is taken by changing the word from what it was with this generation: then nobody else has taken it, no other message has
// begun, and what was loaded of this one is of this one. Who has taken a part copies it alone; that the sender has copied its own
// it says through a ring. mpi's TestInterleavings goes through all orders of these accesses.
type Cut struct {
	word atomic.Uint64 // generation, and the parts that are left: from front to back, in units
	at   atomic.Uint64
	n    atomic.Int64
	_    [line - 24]byte
}

const (
	// Cuts is how many of them a ring has.
	Cuts = 4

	// cutUnit, in bytes, is the least that is copied by itself, if it is not what is left; each part costs a few
	// microseconds beside its copying. cutMost is how many of them are taken at once: the other end may be waiting for the last.
	cutUnit = 128 << 10
	cutMost = 16

	placeBits = 20

	// CutLimit bounds the length of a message, in bytes.
	CutLimit = (1<<placeBits - 1) * cutUnit
	// GenBits is what a generation takes.
	GenBits = 64 - 2*placeBits
)

// They lie behind the ring, in what is left of its pages.
const _ = uint(pageSize - ringHead - Cuts*line)

// Cut is the i-th for messages of rank from to rank to.
func (s *Segment) Cut(from, to, i int) *Cut {
	at := s.ringsAt() + (from*s.n+to)*s.ringBytes() + ringHead + s.ringSize
	return (*Cut)(unsafe.Pointer(&s.mem[at+i*int(unsafe.Sizeof(Cut{}))]))
}

// Open begins a message of n bytes that belongs at address at of the receiver, and returns its generation. Nothing of the last
// one may be left.
func (c *Cut) Open(at uintptr, n int64) (gen uint32) {
	gen = uint32(c.word.Load()>>(2*placeBits)+1) & (1<<GenBits - 1)
	c.at.Store(uint64(at))
	c.n.Store(n)
	c.word.Store(uint64(gen)<<(2*placeBits) | uint64((n+cutUnit-1)/cutUnit))
	return gen
}

// Front takes the next part for the receiver: n bytes from off on. 0 bytes: there is none, and off is where the sender's begin.
func (c *Cut) Front(gen uint32) (off, n int64) {
	off, n, _ = c.take(gen, true, cutMost)
	return off, n
}

// Close takes all that is left for the receiver and returns where the sender's part begins.
func (c *Cut) Close(gen uint32) (off int64) {
	for {
		off, n, _ := c.take(gen, true, 1<<placeBits)
		if n == 0 {
			return off
		}
	}
}

// Back takes the next part for the sender, which belongs at address at of the receiver. 0 bytes: there is none.
func (c *Cut) Back(gen uint32) (off, n int64, at uintptr) { return c.take(gen, false, cutMost) }

func (c *Cut) take(gen uint32, front bool, most uint64) (off, n int64, at uintptr) {
	for {
		w := c.word.Load()
		first, last := w>>placeBits&(1<<placeBits-1), w&(1<<placeBits-1)
		if uint32(w>>(2*placeBits)) != gen {
			return 0, 0, 0
		}
		size, to := c.n.Load(), c.at.Load()
		if first == last {
			return min(int64(first)*cutUnit, size), 0, 0
		}
		k := min((last-first+1)/2, most)
		from, next := first, w+k<<placeBits
		if !front {
			from, next = last-k, w-k
		}
		if c.word.CompareAndSwap(w, next) {
			off = int64(from) * cutUnit
			return off, min(int64(k)*cutUnit, size-off), uintptr(to)
		}
	}
}
