package main

import (
	"fmt"
	"unsafe"

	"interleave/atomic"
)

// Cuts: a receiver and the sender of two messages, one after the other by the same cut, each of which takes parts and copies
// them (cut.go).

// A copied message is as many words as it has parts.
type copied struct {
	parts, at int64
	times     [8]int
}

// take copies a part: nobody else may.
func (m *copied) take(off, n int64) {
	if n > 0 && (off%cutUnit != 0 || n%cutUnit != 0 || off+n > m.parts*cutUnit) {
		panic(fmt.Sprintf("%d bytes from %d on of a message of %d", n, off, m.parts*cutUnit))
	}
	for i := off / cutUnit; i < (off+n)/cutUnit; i++ {
		m.times[i]++
	}
}

func cuts(parts ...int64) *scene {
	newWorld(0)
	c := (*Cut)(unsafe.Pointer(&arena[0]))
	// What the rings carry: the generation of the last offer, and of the last message that the sender has said something of.
	offered, told := (*atomic.Uint32)(unsafe.Pointer(&arena[64])), (*atomic.Uint32)(unsafe.Pointer(&arena[80]))
	names[uintptr(unsafe.Pointer(offered))], names[uintptr(unsafe.Pointer(told))] = "offer", "word"
	list := make([]*copied, len(parts)+1)
	for i, n := range parts {
		list[i+1] = &copied{parts: n, at: int64(1000 * (i + 1))}
	}
	s := &scene{names: []string{"receiver", "sender"}, mortal: -1}
	s.bodies = []func(){
		func() {
			for _, m := range list[1:] {
				gen := c.Open(uintptr(m.at), m.parts*cutUnit)
				offered.Store(gen)
				for {
					off, n := c.Front(gen)
					m.take(off, n)
					if n == 0 {
						break
					}
				}
				if theirs := m.parts*cutUnit - c.Close(gen); theirs > 0 {
					pause("waits for the sender's word", nil, func() bool { return told.V == gen })
					told.Load()
				}
			}
		},
		func() {
			for last := uint32(0); int(last) < len(parts); {
				pause("waits for an offer", nil, func() bool { return offered.V > last })
				last = offered.Load()
				took := false
				for {
					off, n, at := c.Back(last)
					list[last].take(off, n)
					if n == 0 {
						break
					}
					if took = true; int64(at) != list[last].at {
						panic(fmt.Sprintf("message %d goes to %d, not to %d", last, at, list[last].at))
					}
				}
				if took {
					told.Store(last)
				}
			}
		},
	}
	s.check = func() string {
		for i, m := range list[1:] {
			for part := range m.parts {
				if n := m.times[part]; n != 1 {
					return fmt.Sprintf("part %d of message %d is copied %d times", part, i+1, n)
				}
			}
		}
		return ""
	}
	s.state = func() (all []uint64) {
		for _, m := range list[1:] {
			for _, n := range m.times {
				all = append(all, uint64(n))
			}
		}
		return all
	}
	return s
}
