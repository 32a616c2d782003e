// The explorer goes through all orders of the steps of ranks that send to each other, in the code of the rings, of
// parking and of the doorbell: ring.go, wait.go, memory.go and so on as they are, but for package atomic. See
// mpi/interleave_test.go, which puts this program together.
//
//	interleave         explores all scenes but the long ones
//	interleave FAULT SCENES  the same with a fault planted, which is to be found, in those whose names begin so
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"unsafe"

	"interleave/atomic"
)

// planted is the name of a fault in the code under test; "": none.
var planted string

func plant(name string) bool { return planted == name }

func main() {
	only := ""
	if len(os.Args) > 1 {
		planted = os.Args[1]
	}
	if len(os.Args) > 2 {
		only = os.Args[2]
	}
	orders, states := 0, 0
	for _, s := range scenes() {
		if !strings.HasPrefix(s.name, only) || only == "" && strings.HasPrefix(s.name, long) {
			continue
		}
		x, wrong := explore(s.make)
		orders, states = orders+x.runs, states+len(x.states)
		if wrong != "" {
			fmt.Printf("%s: %s\n", s.name, wrong)
			os.Exit(1)
		}
		if planted == "" {
			fmt.Printf("%s: %d states\n", s.name, len(x.states))
		}
	}
	fmt.Printf("%d states by %d runs\n", states, orders)
}

type named struct {
	name string
	make func() *scene
}

// traffic is what ranks 0 and 1 send: small records of so many bytes with their headers, then a large message.
type traffic struct {
	small [2][]int
	large [2]int

	before int // of the small ones of rank 0 are in the ring from the start
}

func (t traffic) records(from int) int {
	chunk := ringSize/8 - headerSize
	return len(t.small[from]) + (t.large[from]+chunk-1)/chunk
}

// long begins the names of scenes that take minutes: they are asked for.
const long = "long: "

const (
	half = 24  // bytes of a record that takes half a line
	one  = 56  // of one that takes a line
	two  = 120 // of the longest: two lines, a quarter of the ring
)

// scenes: every ring begins at several places, so that records meet its end in all ways.
func scenes() (list []named) {
	add := func(name string, make func() *scene) { list = append(list, named{name, make}) }
	for _, at := range []int{0, 6, 7} {
		for i, t := range []traffic{
			{small: [2][]int{{one, two, one}, nil}},
			// The last does not fit, wherever the end is.
			{small: [2][]int{{two, two, two, two, two}, nil}, before: 3},
			{small: [2][]int{{one, two, two, two, one, two}, nil}, before: 4},
			{small: [2][]int{{two, one, one, one, one, two, one}, nil}, before: 5},
			{small: [2][]int{{one, two, two, half}, nil}, large: [2]int{2 * (ringSize/8 - headerSize), 0}, before: 4},
			{small: [2][]int{{one, two}, {two, one}}},
		} {
			add(fmt.Sprintf("traffic %d from line %d", i, at), func() *scene { return ranks(at, t, -1, -1) })
		}
	}
	for i, t := range []traffic{
		// The last one lies where two short ones were.
		{small: [2][]int{{half, half, two, two, two, one, half}, nil}, before: 6},
		// The last but two is read with the first; the last ends in the middle of its line.
		{small: [2][]int{{half, two, half, two, two, one, two, half}, nil}, before: 6},
		{small: [2][]int{{half, one, half}, {half, half}}},
		// The end of the ring is in the middle of a line.
		{small: [2][]int{{half, two, two, two, two, half}, nil}, before: 4},
	} {
		add(fmt.Sprint("halves ", i), func() *scene { return ranks(0, t, -1, -1) })
	}
	gives, takes, all := flatKind{0, true}, flatKind{1, false}, flatKind{-1, false}
	for i, calls := range [][]flatKind{{all, all, all}, {gives, gives, gives, gives}, {takes, gives, all}, {takes, takes, takes}} {
		add(fmt.Sprint("flat ", i), func() *scene { return flats(calls...) })
	}
	for i, parts := range [][]int64{{1, 1}, {3, 2}, {5}} {
		add(fmt.Sprint("cut ", i), func() *scene { return cuts(parts...) })
	}
	round := traffic{small: [2][]int{{two, two, two, one, one}, nil}, before: 3}
	add("once round", func() *scene { return ranks(7, round, -1, -1) })
	// What the reader gives first is not enough for the last one, which goes on at the start.
	twice := traffic{small: [2][]int{{one, one, two, two, two, two}, nil}, before: 5}
	add("blocked twice", func() *scene { return ranks(7, twice, -1, -1) })
	short := traffic{small: [2][]int{{one, one}, nil}, before: 1}
	add("two threads", func() *scene { return threads(7, short) })
	pair := traffic{small: [2][]int{{one, two}, nil}, before: 1}
	add(long+"two threads", func() *scene { return threads(6, pair) })
	for mortal := range 2 {
		for i, t := range []traffic{
			{small: [2][]int{{one, two}, nil}},
			{small: [2][]int{{one}, {one}}},
			{small: [2][]int{{two, two, two, two, two}, nil}, before: 4},
		} {
			name := fmt.Sprintf("rank %d dies, traffic %d", mortal, i)
			if i == 2 {
				name = long + name
			}
			add(name, func() *scene { return ranks(6, t, mortal, 1-mortal) })
		}
	}
	return list
}

// load makes both engines and what they are to send.
func load(at int, t traffic) {
	newWorld(at)
	for i, e := range engines {
		p := e.mem.procs[0]
		for n, size := range t.small[i] {
			r := &Request{head: header{id: uint64(n)}}
			if i == 0 && n == t.before {
				e.flush(p)
				e.left.V = 0
			}
			p.queue.push(&packet{head: header{kind: kindSmall, id: uint64(n)}, request: r, off: int64(size)})
		}
		if t.large[i] > 0 {
			e.flush(p)
			e.left.V = 0
			p.streams.push(&packet{request: &Request{head: header{id: 77}, size: int64(t.large[i])}})
		}
		if t.records(i) == 0 {
			e.left.V = 1
			private[uintptr(unsafe.Pointer(e.left))], private[uintptr(unsafe.Pointer(p.out.Room()))] = true, true // they stay as they are
		}
	}
}

// send is what a rank's call does before it waits.
func (e *engine) send() {
	p := e.mem.procs[0]
	if p.queue.empty() && p.streams.empty() {
		return
	}
	e.mu.Lock()
	e.flush(p)
	e.mem.push(e, p)
	e.mu.Unlock()
}

// expect is a request that ends with so many records.
func (e *engine) expect(n int) *atomic.Uint32 {
	f := flag(fmt.Sprintf("done %d at %d", n, e.rank))
	if n == 0 {
		f.V = 1
	}
	e.done[n] = f
	return f
}

// await waits until all flags are up. Whenever until asks for that, it has read the number of events just now and
// remembers nothing else.
func (e *engine) await(flags ...*atomic.Uint32) {
	turns := uint64(0)
	e.until(func() bool {
		turns++
		x.now.seen = min(turns, 2)<<32 | uint64(e.wait.set.Events)
		for _, f := range flags {
			if f.Load() == 0 {
				return false
			}
		}
		return true
	})
}

// ranks is two ranks of a thread each, of which one may die: then the other's agent says so. busy has
// another thread; -1: nobody.
func ranks(at int, t traffic, mortal, busy int) *scene {
	load(at, t)
	s := &scene{names: []string{"rank 0", "rank 1"}, mortal: mortal, state: state}
	for i, e := range engines {
		all := e.expect(t.records(1 - i))
		s.bodies = append(s.bodies, func() {
			e.send()
			e.await(e.left, all)
		})
	}
	for i := range engines {
		if i != busy {
			alone(i)
		}
	}
	if mortal >= 0 {
		s.names = append(s.names, "agent")
		s.bodies = append(s.bodies, func() {
			pause("sees whether a rank has died", nil, func() bool { return s.died || x.threads[mortal].over })
			if s.died {
				engines[1-mortal].lost()
			}
		})
	}
	s.check = func() string {
		for i, e := range engines {
			if b := e.mem.procs[0].in.Next(); b != nil && !(s.died && i == mortal) {
				return fmt.Sprintf("rank %d has left a record of %d bytes in its ring", i, len(b))
			}
			if want := t.records(1 - i); e.got != want && !s.died {
				return fmt.Sprintf("rank %d got %d records of %d", i, e.got, want)
			}
		}
		return ""
	}
	return s
}

// threads is a rank that sends to one with two threads, the first of which waits for the first record.
func threads(at int, t traffic) *scene {
	s := ranks(at, t, -1, 1)
	e := engines[1]
	first := e.expect(1)
	s.names = []string{"rank 0", "rank 1", "rank 1, first thread"}
	s.bodies = slices.Insert(s.bodies, 2, func() { e.await(first) })
	return s
}
