package main

import (
	"fmt"
	"math"
	"unsafe"

	"interleave/atomic"
)

// What the code under test stands on, as little as it needs. Two ranks share the arena; each has an engine and
// one thread or two.

const (
	ringSize   = 8 * line
	headerSize = 8
	maxLocal   = 1
	kindData   = 1 // a part of a large message, kindSmall a whole one
	kindSmall  = 2
)

type header struct {
	kind     uint32
	id, size uint64
	tag      int32
}

func (h header) encode(b []byte) {
	plain(unsafe.Pointer(&b[0]), headerSize, true)
	*(*uint32)(unsafe.Pointer(&b[0])) = h.kind<<24 | uint32(h.id)<<16 | uint32(h.size)
	*(*uint32)(unsafe.Pointer(&b[4])) = uint32(len(b))
}

func decodeRecord(b []byte) (header, []byte, bool) {
	if len(b) < headerSize {
		return header{}, nil, false
	}
	plain(unsafe.Pointer(&b[0]), headerSize, false)
	w := *(*uint32)(unsafe.Pointer(&b[0]))
	return header{kind: w >> 24, id: uint64(w >> 16 & 255), size: uint64(w & 0xffff)}, b[headerSize:], int(*(*uint32)(unsafe.Pointer(&b[4]))) == len(b)
}

// A Request is a large message, or a part of the list of small ones.
type Request struct {
	head header
	size int64
}

func (r *Request) ReadAt(b []byte, off int64) {
	if len(b) > 0 {
		plain(unsafe.Pointer(&b[0]), len(b), true)
	}
	for i := range b {
		b[i] = byte(int(r.head.id)*31 + int(off) + i)
	}
}

type proc struct {
	in             *Reader
	out            *Writer
	local, index   int
	queue, streams outgoing
}

type memory struct {
	procs []*proc
	seg   segment
	self  *Control
	chunk int
	bell  *doorbell
}

type segment struct{}

func (segment) Control(i int) *Control { return controls[i] }

type doorbell struct{ fd atomic.Int32 }

func (d *doorbell) me() int              { return 0 }
func (d *doorbell) address(rank int) int { return rank }
func (d *doorbell) send(int)             { panic("a datagram in a job on one host") }

type lockTrace struct{ refused [maxThreads]int }

func (t *lockTrace) taken()   { t.refused[x.now.id] = 0 }
func (t *lockTrace) givenUp() {}

// refused is where TryLock returns false. A thread that is refused again and again goes on when the lock has
// been given up: it would learn nothing before.
func refused(l *lock) bool {
	if n := &l.trace.refused[x.now.id]; *n == 0 {
		*n++
	} else {
		pause("waits for the lock", nil, func() bool { return l.word.V == 0 })
	}
	return false
}

// Lock waits for the lock without turning round.
func (l *lock) Lock() {
	for !l.TryLock() {
		pause("waits for the lock", nil, func() bool { return l.word.V == 0 })
	}
}

type engine struct {
	rank  int
	mu    lock
	wait  *waiting
	mem   *memory
	net   *net
	table struct{ first uint32 }

	got   int                    // records that have come
	parts int                    // bytes of the large message
	done  map[int]*atomic.Uint32 // requests that end with so many records
	left  *atomic.Uint32         // 1: all has been sent
}

type net struct{}

func (*net) park(*WaitSet) {}

func yield() {}

var rainnet = struct{ Now func() int64 }{func() int64 { return 0 }}

// watched and watch are how the words that a waiter looks at are found and changed.
func watched(s *WaitSet, i int) *uint32 {
	return (*uint32)(atomic.LoadPointer((*unsafe.Pointer)(unsafe.Pointer(&s.Words[i]))))
}

// look is a look at such a word. Another thread of the rank may be clearing it, and another process may be
// a lap ahead and write data there: what is seen then does not matter.
func look(w *uint32) uint32 {
	if !atomic.Step(atomic.Load, unsafe.Pointer(w)) {
		return 0
	}
	x.now.sees(atomic.Load, unsafe.Pointer(w), uint64(*w))
	return *w
}

func watch(s *WaitSet, i int, w *uint32) {
	atomic.StorePointer((*unsafe.Pointer)(unsafe.Pointer(&s.Words[i])), unsafe.Pointer(w))
}

func (e *engine) postTickets() {}
func (e *engine) runCalls()    {}
func (e *engine) doWork()      {}

// One thread uses MPI.
const workPart = 64 << 10

func several(*Control) bool { return false }
func now() int64            { return 0 }

func (e *engine) progress() bool {
	worked := e.mem.poll(e)
	if worked {
		e.wait.set.Moved++
	}
	return worked
}

// deliver takes a packet: the next one in its order, and whole.
func (e *engine) deliver(p *proc, h header, payload []byte) {
	if len(payload) > 0 {
		plain(unsafe.Pointer(&payload[0]), len(payload), false)
	}
	for i, b := range payload {
		if b != byte(int(h.id)*31+int(h.size)+i) {
			panic(fmt.Sprintf("byte %d of a record is %d", i, b))
		}
	}
	if h.kind == kindSmall && int(h.id) != e.got || h.kind == kindData && int(h.size) != e.parts {
		panic(fmt.Sprintf("a record %+v after %d records and %d bytes", h, e.got, e.parts))
	}
	if h.kind == kindData {
		e.parts += len(payload)
	}
	e.got++
	if f := e.done[e.got]; f != nil {
		f.Store(1)
		e.wait.changed()
	}
}

// flush is the engine's, for packets of as many bytes as their off says.
func (e *engine) flush(p *proc) (worked bool) {
	for !p.queue.empty() {
		k := p.queue.first
		b := p.out.Reserve(int(k.off))
		if b == nil {
			return worked
		}
		k.head.encode(b)
		k.request.ReadAt(b[headerSize:], int64(k.head.size))
		e.mem.publish(p)
		p.queue.pop()
		worked = true
	}
	e.over(p)
	return worked
}

// complete ends a large message's send.
func (e *engine) complete(*Request, error) { e.over(e.mem.procs[0]) }

func (e *engine) over(p *proc) {
	if p.queue.empty() && p.streams.empty() {
		e.left.Store(1)
		e.wait.changed()
	}
}

// lost is what the agent's word makes of an engine.
func (e *engine) lost() {
	e.mu.Lock()
	p := e.mem.procs[0]
	for e.progress() {
	}
	p.queue, p.streams = outgoing{}, outgoing{}
	for _, f := range e.done {
		f.Store(1)
	}
	e.left.Store(1)
	e.mu.Unlock()
	e.wait.changed()
}

var (
	controls [2]*Control
	sets     [2]WaitSet
	bells    [2]doorbell
	waits    [2]waiting
	engines  [2]*engine
	nextFlag int
)

const (
	ringsAt = 2 * int(unsafe.Sizeof(Control{}))
	dataAt  = ringsAt + 2*2*line
	flagsAt = dataAt + 2*ringSize

	arenaSize = flagsAt + 64
)

func at[T any](offset int) *T { return (*T)(unsafe.Add(unsafe.Pointer(&arena), offset)) }

func flag(name string) *atomic.Uint32 {
	f := at[atomic.Uint32](flagsAt + 4*nextFlag)
	names[uintptr(unsafe.Pointer(f))] = name
	nextFlag++
	return f
}

func ringOf(from int) ring {
	head := ringsAt + from*2*line
	r := ring{head: at[atomic.Uint64](head), hungry: at[atomic.Uint32](head + line), room: at[uint32](head + line + 4),
		data: unsafe.Slice(at[byte](dataAt+from*ringSize), ringSize)}
	names[uintptr(unsafe.Pointer(r.head))] = fmt.Sprint("head of ring ", from)
	names[uintptr(unsafe.Pointer(r.hungry))] = fmt.Sprint("hungry of ring ", from)
	names[uintptr(unsafe.Pointer(r.room))] = fmt.Sprint("room of ring ", from)
	return r
}

// newWorld makes two ranks whose rings have moved by so many lines already.
func newWorld(lines int) {
	nextFlag = 0
	clear(private)
	for i := range engines {
		controls[i], sets[i], bells[i] = at[Control](i*int(unsafe.Sizeof(Control{}))), WaitSet{Deadline: math.MaxInt64}, doorbell{}
		c, set := controls[i], &sets[i]
		set.Sleep, set.Bell, set.Socket = &c.Sleeping, &c.Bell, &c.Socket
		for word, name := range map[unsafe.Pointer]string{unsafe.Pointer(&c.Sleeping): "sleeping", unsafe.Pointer(&c.Bell): "bell",
			unsafe.Pointer(&c.Socket): "socket", unsafe.Pointer(&c.Waiting): "waiting", unsafe.Pointer(&set.Events): "events"} {
			names[uintptr(word)] = fmt.Sprint(name, " of rank ", i)
		}
		// Nothing changes these, and nobody reads the last ones.
		private[uintptr(unsafe.Pointer(&c.Waiting))], private[uintptr(unsafe.Pointer(&c.Switched))] = true, true
		private[uintptr(unsafe.Pointer(&c.Socket))], private[uintptr(unsafe.Pointer(&bells[i].fd))] = true, true
		private[uintptr(unsafe.Pointer(&set.nflags))], private[uintptr(unsafe.Pointer(&set.NFD))], private[uintptr(unsafe.Pointer(&set.Deadline))] = true, true, true
		waits[i] = waiting{set: set, bell: &bells[i]}
		engines[i] = &engine{rank: i, wait: &waits[i], mem: &memory{self: c, chunk: ringSize/8 - headerSize, bell: &bells[i]}, left: flag(fmt.Sprint("sent by ", i)), done: map[int]*atomic.Uint32{}}
		engines[i].mu = lock{word: flag(fmt.Sprint("lock of rank ", i)), e: engines[i]}
		private[uintptr(unsafe.Pointer(&waits[i].callers))] = true
	}
	pos := uint64(lines * line)
	for i, e := range engines {
		p := &proc{local: 1 - i, index: 1 - i, in: &Reader{ring: ringOf(1 - i), pos: pos, clean: pos, given: pos}, out: &Writer{ring: ringOf(i), pos: pos, seen: pos}}
		p.out.head.V = pos
		e.mem.procs = []*proc{p}
		set := e.wait.set
		set.Words[0], set.Words[1] = p.in.Word(), p.out.Room()
		set.N = 2
	}
}

// alone says that rank i has one thread.
func alone(i int) {
	e, s := engines[i], &sets[i]
	list := []unsafe.Pointer{unsafe.Pointer(&s.Events), unsafe.Pointer(&s.Words[0]), unsafe.Pointer(&s.Words[1]), unsafe.Pointer(e.mu.word), unsafe.Pointer(e.left)}
	for _, f := range e.done {
		list = append(list, unsafe.Pointer(f))
	}
	for _, p := range list {
		private[uintptr(p)] = true
	}
}

func state() (list []uint64) {
	add := func(v ...uint64) { list = append(list, v...) }
	for i, e := range engines {
		p, s := e.mem.procs[0], &sets[i]
		add(p.in.pos, p.in.clean, p.in.given, p.out.pos, p.out.seen, uint64(p.out.n), uint64(e.got), uint64(e.parts), uint64(s.Events),
			uint64(slot(unsafe.Pointer(s.Words[0]))), uint64(e.mu.trace.refused[1]), uint64(e.mu.trace.refused[2]))
		for _, q := range []*outgoing{&p.queue, &p.streams} {
			n := uint64(0)
			for k := q.first; k != nil; k = k.next {
				n += 1000 + uint64(k.off)
			}
			add(n)
		}
	}
	return list
}
