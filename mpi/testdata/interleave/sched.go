package main

import (
	"fmt"
	"hash/maphash"
	"iter"
	"strings"
	"unsafe"

	"interleave/atomic"
)

// The explorer runs threads one step at a time, a step being an access of package atomic, and goes through
// all orders of the steps. It runs everything again from the start for each order, and leaves a state that it has seen:
// the same memory, and threads that have seen the same values in it and know as much of each other.
//
// Go's memory model says that a program without data races behaves as if its accesses came in one order (section
// "Memory Model"). So orders of the atomic accesses are enough if no two plain accesses race, and that is
// checked by vector clocks, along one way to each state.

const maxThreads = 5

type clock [maxThreads]uint32

type thread struct {
	id     int
	name   string
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	waits  func() bool // nil: it may go on
	next   event       // its next step
	over   bool
	clock  clock
	stale  bool   // the bell has rung since it read it
	seen   uint64 // of all that it has read
}

// An event is what a thread does in a step.
type event struct {
	thread int
	what   string
	addr   unsafe.Pointer
}

func (e event) String() string {
	text := x.threads[e.thread].name + ": " + e.what
	if e.addr != nil {
		text += " " + place(e.addr)
	}
	return text
}

// A process's death takes its threads with it.
type killed struct{}

type choice struct{ of, taken int }

type explorer struct {
	scenario func() *scene
	scene    *scene
	threads  []*thread
	now      *thread
	stopping bool
	path     []choice
	trace    []event
	states   map[uint64]struct{}
	runs     int
	failure  string
	shadow   [arenaSize / 4]shadow
	sync     [arenaSize / 4]clock
}

// A scene is what a run begins with and ends with.
type scene struct {
	bodies []func()
	names  []string
	mortal int // the thread that may die at any step; -1: none
	died   bool
	check  func() string // at the end; "": all is well
	state  func() []uint64
}

var x *explorer

// The memory that is shared, of processes and of threads.
var arena [arenaSize / 8]uint64

var seed = maphash.MakeSeed()

func explore(s func() *scene) (*explorer, string) {
	x = &explorer{scenario: s, states: map[uint64]struct{}{}}
	atomic.Step, atomic.Saw = step, saw
	for {
		x.run()
		if x.failure != "" {
			return x, x.failure + "\n" + strings.Trim(strings.ReplaceAll(fmt.Sprint(x.trace), " rank", "\nrank"), "[]")
		}
		for len(x.path) > 0 && x.path[len(x.path)-1].taken+1 == x.path[len(x.path)-1].of {
			x.path = x.path[:len(x.path)-1]
		}
		if len(x.path) == 0 {
			return x, ""
		}
		x.path[len(x.path)-1].taken++
	}
}

func (x *explorer) run() {
	x.runs++
	clear(arena[:])
	clear(asleep[:])
	x.now, x.threads, x.trace, x.stopping = nil, nil, x.trace[:0], false
	clear(x.shadow[:])
	clear(x.sync[:])
	x.scene = x.scenario()
	for i, body := range x.scene.bodies {
		x.begin(i, body)
	}
	var room [maxThreads]*thread
	for depth := 0; x.failure == ""; depth++ {
		open := room[:0]
		for _, t := range x.threads {
			if !t.over && (t.waits == nil || t.waits()) {
				open = append(open, t)
			}
		}
		n := len(open)
		if m := x.scene.mortal; m >= 0 && !x.scene.died && !x.threads[m].over {
			n++
		}
		if len(open) == 0 && n == 0 {
			x.end()
			break
		}
		if depth == len(x.path) {
			key := x.key()
			if _, known := x.states[key]; known {
				break
			}
			x.states[key] = struct{}{}
			x.path = append(x.path, choice{of: n})
		}
		if at := x.path[depth].taken; at < len(open) {
			x.trace = append(x.trace, open[at].next)
			x.move(open[at])
		} else {
			x.trace = append(x.trace, event{thread: x.scene.mortal, what: "dies"})
			x.scene.died = true
			x.halt(x.threads[x.scene.mortal])
		}
	}
	for _, t := range x.threads {
		x.halt(t)
	}
}

func (x *explorer) begin(i int, body func()) {
	t := &thread{id: i, name: x.scene.names[i]}
	t.clock[i] = 1
	x.threads = append(x.threads, t)
	t.resume, t.stop = iter.Pull(func(yield func(struct{}) bool) {
		t.yield = yield
		defer func() {
			switch e := recover().(type) {
			case nil, killed:
			default:
				x.fail(fmt.Sprint(t.name, ": ", e))
			}
		}()
		body()
	})
	x.move(t) // to its first step
}

func (x *explorer) move(t *thread) {
	x.now = t
	if _, ok := t.resume(); !ok {
		t.over = true
	}
	x.now = nil
}

func (x *explorer) halt(t *thread) {
	if !t.over {
		x.stopping, x.now = true, t
		t.stop()
		x.stopping, x.now = false, nil
		t.over = true
	}
}

func (x *explorer) end() {
	for _, t := range x.threads {
		if !t.over {
			x.fail(t.name + " waits for ever")
			return
		}
	}
	if wrong := x.scene.check(); wrong != "" {
		x.fail(wrong)
	}
}

func (x *explorer) fail(what string) {
	if x.failure == "" {
		x.failure = what
	}
}

func (x *explorer) key() uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	rung := [2]uint32{controls[0].Bell.V, controls[1].Bell.V}
	controls[0].Bell.V, controls[1].Bell.V = 0, 0 // how often does not matter
	h.Write(unsafe.Slice((*byte)(unsafe.Pointer(&arena)), unsafe.Sizeof(arena)))
	controls[0].Bell.V, controls[1].Bell.V = rung[0], rung[1]
	put := func(v uint64) { h.Write(unsafe.Slice((*byte)(unsafe.Pointer(&v)), 8)) }
	for _, t := range x.threads {
		put(t.seen)
		put(uint64(bit(t.over) + 2*bit(t.stale)))
		put(maphash.Comparable(seed, t.next))
	}
	for _, w := range asleep {
		put(uint64(uintptr(unsafe.Pointer(w))))
	}
	for _, v := range x.scene.state() {
		put(v)
	}
	return h.Sum64()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pause is where another thread may go on. The running one goes on as soon as waits says so.
func pause(what string, addr unsafe.Pointer, waits func() bool) bool {
	t := x.now
	if t == nil { // a scene is made
		return true
	}
	if x.stopping {
		return false
	}
	t.waits, t.next = waits, event{t.id, what, addr}
	if !t.yield(struct{}{}) {
		panic(killed{})
	}
	return true
}

var accessNames = []string{"load", "store", "change"}

// private are words of a rank that has one thread: nobody else's steps can matter to it.
var private = map[uintptr]bool{}

func step(a atomic.Access, addr unsafe.Pointer) bool {
	if private[uintptr(addr)] {
		return !x.stopping
	}
	return pause(accessNames[a], addr, nil)
}

// names are those of words, for the trace.
var names = map[uintptr]string{}

func place(addr unsafe.Pointer) string {
	if n, ok := names[uintptr(addr)]; ok {
		return n
	}
	return fmt.Sprint("word ", slot(addr))
}

func slot(addr unsafe.Pointer) int {
	if d := uintptr(addr) - uintptr(unsafe.Pointer(&arena)); d < unsafe.Sizeof(arena) {
		return int(d / 4)
	}
	return -1
}

// saw orders threads by what they have seen of each other.
func saw(a atomic.Access, addr unsafe.Pointer, value uint64) {
	t := x.now
	if t == nil {
		return
	}
	for i := range controls {
		if addr != unsafe.Pointer(&controls[i].Bell) {
			continue
		}
		value, t.stale = 0, t.stale && a != atomic.Load
		for _, o := range x.threads {
			o.stale = o.stale || a != atomic.Load && o != t
		}
	}
	t.sees(a, addr, value)
	if at := slot(addr); at >= 0 {
		x.atomic(a, at)
	}
}

func (t *thread) sees(a atomic.Access, addr unsafe.Pointer, value uint64) {
	t.seen = maphash.Comparable(seed, [4]uint64{t.seen, uint64(a), uint64(uintptr(addr)), value})
}

// A shadow says when each thread has accessed a word last.
type shadow struct{ read, written, atomicRead, atomicWritten clock }

func (x *explorer) atomic(a atomic.Access, at int) {
	t, s := x.now, &x.shadow[at]
	x.after(&s.written, at)
	if a != atomic.Store {
		t.clock.join(&x.sync[at])
		s.atomicRead[t.id] = t.clock[t.id]
	}
	if a != atomic.Load {
		x.after(&s.read, at)
		s.atomicWritten[t.id] = t.clock[t.id]
		x.sync[at] = t.clock
		t.clock[t.id]++
	}
}

// plain is an access of n bytes that is not atomic.
func plain(p unsafe.Pointer, n int, write bool) {
	t := x.now
	if t == nil || x.stopping {
		return
	}
	for at := slot(p); n > 0; at, n = at+1, n-4 {
		s := &x.shadow[at]
		x.after(&s.written, at)
		x.after(&s.atomicWritten, at)
		if !write {
			s.read[t.id] = t.clock[t.id]
			continue
		}
		x.after(&s.read, at)
		x.after(&s.atomicRead, at)
		s.written[t.id] = t.clock[t.id]
	}
}

// after fails unless what others did is over for the running thread.
func (x *explorer) after(c *clock, at int) {
	for id, when := range c {
		if id != x.now.id && when > x.now.clock[id] {
			x.fail(fmt.Sprintf("%s and %s access word %d at the same time", x.now.name, x.threads[id].name, at))
		}
	}
}

func (c *clock) join(o *clock) {
	for i := range c {
		c[i] = max(c[i], o[i])
	}
}

// A futex: sleepers are those that the kernel has put to sleep.
func futexWait(word *atomic.Uint32, value uint32, _ int64) {
	t := x.now
	if !pause("futex wait", unsafe.Pointer(word), nil) || word.V != value {
		return
	}
	asleep[t.id] = word
	pause("wakes up", nil, func() bool { return asleep[t.id] == nil })
}

func futexWake(word *atomic.Uint32) {
	if !pause("futex wake", unsafe.Pointer(word), nil) {
		return
	}
	for i := range asleep {
		if asleep[i] == word {
			asleep[i] = nil
		}
	}
}

var asleep [maxThreads]*atomic.Uint32
