package shm

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// An area is memory for the collectives of one communicator whose ranks are all
// on this host: two slots for each of them, in which it says what it gives to the
// collectives of odd and of even number. What a slot means is the users' matter.
//
// A bit is taken by a compare-and-swap and given back after the last member's subtraction, which all others' last uses
// come before. Its taker clears the slots' flags before it tells the others, by a message. A member that dies has not
// left, and its area stays taken: nobody else can come to write into slots that somebody still reads.
//
// The first area is that of all ranks. The others are taken by the process that
// makes a communicator, which tells the members, and given back when the last
// member has left it.
const (
	Areas    = 63          // their number and one goes with a context, in the bits that it leaves
	MaxFlat  = 64          // ranks that use an area
	SlotSize = 4096 + line // bytes: an odd number of lines, so that the slots' beginnings are not all in one set of a cache
)

// areaHead is a line before the slots: how many members use the area.
const areaHead = line

func (s *Segment) areasAt() int { return s.ringsAt() + s.n*s.n*s.ringBytes() }

func (s *Segment) areaBytes() int { return areaHead + 2*min(s.n, MaxFlat)*SlotSize }

// areasBytes is a line with a bit for every area that is in use, and the areas.
func (s *Segment) areasBytes() int { return line + Areas*s.areaBytes() }

func (s *Segment) taken() *atomic.Uint64 {
	return (*atomic.Uint64)(unsafe.Pointer(&s.mem[s.areasAt()]))
}

func (s *Segment) users(area int) *atomic.Uint32 {
	return (*atomic.Uint32)(unsafe.Pointer(&s.mem[s.areasAt()+line+area*s.areaBytes()]))
}

// Slots is where the slots of an area begin: MaxFlat of them, or as many as there
// are ranks, twice.
func (s *Segment) Slots(area int) unsafe.Pointer {
	return unsafe.Add(unsafe.Pointer(s.users(area)), areaHead)
}

// TakeArea takes a free area for n members and clears the first word of every
// slot. It reports false if none is free.
func (s *Segment) TakeArea(n int) (area int, ok bool) {
	for {
		was := s.taken().Load()
		area = bits.TrailingZeros64(^was)
		if area == Areas {
			return 0, false
		}
		if s.taken().CompareAndSwap(was, was|1<<area) {
			break
		}
	}
	s.users(area).Store(uint32(n))
	for i := range 2 * n {
		atomic.StoreUint32((*uint32)(unsafe.Add(s.Slots(area), i*SlotSize)), 0)
	}
	return area, true
}

// LeaveArea is called by every member once, after its last use.
func (s *Segment) LeaveArea(area int) {
	if area != 0 && s.users(area).Add(^uint32(0)) == 0 {
		s.taken().And(^(uint64(1) << area))
	}
}
