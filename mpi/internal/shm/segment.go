// Package shm carries messages between the ranks of one host through memory
// that they share.
//
// The memory is one memfd for all ranks of a job on a host. It holds a line
// of control words per rank, a ring per ordered pair of ranks, and areas for the
// collectives of communicators inside the host (area.go):
//
//	control of rank 0 | control of rank 1 | … | ring 0→1 | ring 0→2 | … | ring 1→0 | … | areas
//
// Pages are touched when used, so that pairs that never talk cost nothing. A
// ring has one writer and one reader and no lock. Records start at half cache
// lines; the first word of a record says whether it is there, so two small
// messages move in one cache line:
//
//	word 0: 0 = nothing here yet, wrap = go on at the start, else 1 + length of the record
//	word 1: unused
//	then the bytes
//
// The reader clears the first word of every line that it has consumed, before
// it gives the lines back by storing its position; the writer clears that of a
// line's second half when it fills the first.
package shm

import (
	"fmt"
	"os"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	line = 64

	// ringHead is a line in which the reader publishes its position, and one
	// for a writer that waits for room.
	ringHead = 2 * line
	pageSize = 4096
)

// Control is what every rank of the host can see of one of them.
type Control struct {
	// Sleeping counts the threads of the rank that are parked, or about to:
	// whoever gives it work rings the doorbell then.
	Sleeping atomic.Uint32

	// Bell is the doorbell, a futex: add one and wake. Socket says that the rank
	// parks on sockets instead, and takes a datagram.
	Bell   atomic.Uint32
	Socket atomic.Uint32
	_      [line - 12]byte

	pid atomic.Int32 // of the rank, once it has mapped the segment

	// Waiting counts the threads of the rank that wait in a call, spinning or parked: a message that both
	// ends copy at once finds its sender there.
	Waiting atomic.Uint32

	nonce atomic.Uint64 // random; see Reach
	at    atomic.Uint64 // the address, in that process, of a word that holds nonce

	// Switched is when another thread of the rank was last seen to use MPI than the time before, in
	// nanoseconds of CLOCK_MONOTONIC: a hint that nothing is ordered by.
	Switched atomic.Int64
	_        [line - 32]byte
}

// A Segment is this rank's view of its host's memory.
type Segment struct {
	mem      []byte
	n, me    int
	ringSize int
	nonce    *uint64
	reach    []atomic.Uint32 // whether each rank can be read
	sealed   []atomic.Bool   // whether each has proved not to be writable
}

// ringSizeFor keeps the whole segment of many ranks small. Of few ranks both ends of a ring copy a
// large message at once: a large ring lets them run apart (1 MiB takes 49 us through 512 KiB, 82 through
// 128).
func ringSizeFor(n int) int {
	switch {
	case n <= 4:
		return 512 << 10
	case n <= 8:
		return 128 << 10
	case n <= 32:
		return 64 << 10
	}
	return 32 << 10
}

// Map sizes the memfd for n ranks, if nobody has, and maps it as rank me
// (both count the ranks of this host only). fd may be closed afterwards.
func Map(fd, n, me int) (*Segment, error) {
	s := &Segment{n: n, me: me, ringSize: ringSizeFor(n), reach: make([]atomic.Uint32, n), sealed: make([]atomic.Bool, n)}
	size := s.areasAt() + s.areasBytes()
	// All ranks compute the same size, so it does not matter who is first.
	if err := unix.Ftruncate(fd, int64(size)); err != nil {
		return nil, fmt.Errorf("shared memory of %d bytes for %d ranks: %w", size, n, err)
	}
	mem, err := unix.Mmap(fd, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("shared memory of %d bytes for %d ranks: %w", size, n, err)
	}
	s.mem = mem
	s.taken().Or(1) // the area of all ranks
	s.announce()
	return s, nil
}

// Close unmaps the memory. No Writer or Reader may be used afterwards.
func (s *Segment) Close() error { return unix.Munmap(s.mem) }

// Control is rank i's.
func (s *Segment) Control(i int) *Control {
	return (*Control)(unsafe.Pointer(&s.mem[i*int(unsafe.Sizeof(Control{}))]))
}

// Me is this rank among those of the host.
func (s *Segment) Me() int { return s.me }

// Ranks is the number of ranks of the host.
func (s *Segment) Ranks() int { return s.n }

// MaxRecord is the longest record that a ring takes, in bytes. A quarter of
// the ring: see Reader.Release.
func (s *Segment) MaxRecord() int { return s.ringSize/4 - 8 }

// Out is the ring from this rank to rank to.
func (s *Segment) Out(to int) *Writer { return &Writer{ring: s.ring(s.me, to)} }

// In is the ring from rank from to this one.
func (s *Segment) In(from int) *Reader { return &Reader{ring: s.ring(from, s.me)} }

func (s *Segment) ringsAt() int {
	control := s.n * int(unsafe.Sizeof(Control{}))
	return (control + pageSize - 1) &^ (pageSize - 1)
}

func (s *Segment) ringBytes() int { return pageSize + s.ringSize }

func (s *Segment) ring(from, to int) ring {
	at := s.ringsAt() + (from*s.n+to)*s.ringBytes()
	return ring{
		head:   (*atomic.Uint64)(unsafe.Pointer(&s.mem[at])),
		hungry: (*atomic.Uint32)(unsafe.Pointer(&s.mem[at+line])),
		room:   (*uint32)(unsafe.Pointer(&s.mem[at+line+4])),
		data:   s.mem[at+ringHead : at+ringHead+s.ringSize : at+ringHead+s.ringSize],
	}
}

// announce tells the others who we are, for Reach.
func (s *Segment) announce() {
	var b [8]byte
	unix.Getrandom(b[:], 0)
	s.nonce = new(uint64)
	*s.nonce = *(*uint64)(unsafe.Pointer(&b)) | 1
	c := s.Control(s.me)
	c.at.Store(uint64(uintptr(unsafe.Pointer(s.nonce))))
	c.nonce.Store(*s.nonce)
	c.pid.Store(int32(os.Getpid()))
	// Yama lets only descendants be read, unless they say so.
	unix.Prctl(unix.PR_SET_PTRACER, ^uintptr(0), 0, 0, 0)
}
