package main

import (
	"fmt"
	"unsafe"
)

// Flat collectives: ranks write into slots of their own and read those of others (flat.go, advanceFlat).

// A Comm is one rank's. The calls it makes are the same at all.
type Comm struct {
	rank, size int
	flat       *Flat
	coll       struct{ flat flatCall }
}

type flatCall struct {
	call  *flatKind
	seq   uint32
	begun bool
	long  bool
	next  int
}

// A flatKind is a call: of a root from which all take, of one that takes from all, or of all from all.
type flatKind struct {
	root  int // -1: all
	gives bool
}

func (c *Comm) Size() int { return c.size }

func (c *Comm) givers(f *flatCall) (from, to int) {
	switch k := f.call; {
	case k.root < 0, !k.gives && k.root == c.rank:
		return 0, c.size
	case k.gives && k.root != c.rank:
		return k.root, k.root + 1
	}
	return 0, 0
}

func (c *Comm) giveFlat(f *flatCall) {
	at := c.flat.data(f.seq, c.rank)
	plain(at, 4, true)
	*(*uint32)(at) = f.seq*10 + uint32(c.rank)
}

func (c *Comm) takeFlat(f *flatCall, from, to int) error {
	for i := from; i < to; i++ {
		at := c.flat.data(f.seq, i)
		plain(at, 4, false)
		if v := *(*uint32)(at); v != f.seq*10+uint32(i) {
			panic(fmt.Sprintf("in collective %d rank %d gives %d", f.seq, i, v))
		}
	}
	return nil
}

func (c *Comm) wakeMembers() {}

// flats is three ranks that make these calls, one after the other.
func flats(calls ...flatKind) *scene {
	const n = 3
	newWorld(0)
	s := &scene{mortal: -1, check: func() string { return "" }}
	var all [n]*Flat
	for rank := range n {
		f := &Flat{N: n, Me: uint32(rank), slots: unsafe.Pointer(&arena[0])}
		all[rank] = f
		c := &Comm{rank: rank, size: n, flat: f}
		s.names = append(s.names, fmt.Sprint("rank ", rank))
		s.bodies = append(s.bodies, func() {
			for i := range calls {
				// As beginFlat.
				c.coll.flat = flatCall{call: &calls[i], seq: f.seq + 1}
				if f.settled == f.seq {
					c.coll.flat.next = n
				}
				for {
					k := &c.coll.flat
					x.now.seen = uint64(i)<<8 | uint64(bit(k.begun))<<4 | uint64(k.next) // it remembers nothing else
					if done, _ := c.advanceFlat(); done {
						break
					}
					flag, value := c.awaited()
					pause("waits for a flag", unsafe.Pointer(flag), func() bool { return *flag == value })
				}
			}
		})
	}
	s.state = func() (list []uint64) {
		for _, f := range all {
			list = append(list, uint64(f.seq), uint64(f.settled))
		}
		return list
	}
	return s
}
