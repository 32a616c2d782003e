package mpi

import (
	"math"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
	"rainmpi/mpi/internal/shm"
	"rainmpi/rainnet"
)

// How a caller waits.
//
// A blocked call looks for work, and the looking is cheap: one word per ring,
// and the sockets now and then. It spins for a while, yields the processor for
// a while, and parks at last in one system call that any work ends. Nothing
// here uses a channel, a sync.Cond or Go's network poller.
//
// The words, descriptors and limits stand in a WaitSet outside the Go heap,
// because callers in C wait in C: a C thread that spins in Go would hold one
// of the few slots of Go's scheduler. Both sides follow the same steps:
//
//	1. events, the words: has anything changed?       spins times
//	2. sched_yield, then 1                            yields times
//	3. Sleeping += 1, then 1, then park till the deadline, Sleeping -= 1
//
// The order of the accesses: who gives work stores it and then loads Sleeping; who parks adds to Sleeping and then
// looks (2 and 3, both full barriers). One of them sees the other. The bell is read before Sleeping is counted,
// and added to before the kernel is asked to wake, so that a ring between the look and the futex ends it at
// once; a datagram waits in its socket. Work that another thread of the rank takes away, and what it leaves: see
// handOn. Which word a ring's next record comes in is changed under the engine's lock, and read without it.
//
// Parking is a futex in a job on one host, and otherwise ppoll on the rails'
// sockets and one doorbell socket.

// maxLocal is the largest number of other ranks on a host.
const maxLocal = 1023

// WaitSet is what a waiting thread looks at. The layout is C's; cbind has its
// twin (rain_waitset).
type WaitSet struct {
	N      uint32         // words to watch
	NFD    uint32         // descriptors to park on; 0: park on Bell
	Events uint32         // changes whenever a request completes or a message arrives
	Spins  uint32         // looks before the first yield
	Yields uint32         // yields before parking
	Moved  uint32         // changes whenever progress moved anything
	Sleep  *atomic.Uint32 // shm.Control.Sleeping
	Bell   *atomic.Uint32 // shm.Control.Bell
	Socket *atomic.Uint32 // shm.Control.Socket
	// Deadline is when the engine must be called even if nothing comes, in
	// nanoseconds of CLOCK_MONOTONIC.
	Deadline int64
	FD       [64]int32             // the doorbell's is the first
	Words    [2 * maxLocal]*uint32 // not 0: there is work

	nflags uint32 // flat collectives that the engine waits with; more than there are flags: look again
	_      uint32
	flags  [maxFlags]watchedFlag
}

const maxFlags = 16

// A watchedFlag means work when it has the value.
type watchedFlag struct {
	flag  *uint32
	value uint32
	_     uint32
}

type waiting struct {
	set  *WaitSet
	bell *doorbell

	callers     atomic.Uint32 // of until
	putOff      atomic.Int64  // when a thread last was: see crowded
	crowdedTill atomic.Int64
}

// newWaiting puts the set into memory of its own, for C to read.
func newWaiting() (*waiting, error) {
	mem, err := unix.Mmap(-1, 0, int(unsafe.Sizeof(WaitSet{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, err
	}
	set := (*WaitSet)(unsafe.Pointer(&mem[0]))
	set.Spins, set.Yields, set.Deadline = 2000, 0, math.MaxInt64
	bell, err := unix.Mmap(-1, 0, int(unsafe.Sizeof(shm.Control{})), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return nil, err
	}
	set.watch((*shm.Control)(unsafe.Pointer(&bell[0])))
	return &waiting{set: set, bell: &doorbell{}}, nil
}

// park adds descriptors that wake who parks, while others may be parking: what is
// there already stays where it is.
func (s *WaitSet) park(fds ...int) error {
	n := s.NFD
	if int(n)+len(fds) > len(s.FD) {
		return errorf(ErrOther, "%d sockets; %d are supported: name fewer rails with --rails", int(n)+len(fds), len(s.FD))
	}
	for i, fd := range fds {
		s.FD[int(n)+i] = int32(fd)
	}
	atomic.StoreUint32(&s.NFD, n+uint32(len(fds)))
	return nil
}

// self is what other ranks see of this one.
func (s *WaitSet) self() *shm.Control { return (*shm.Control)(unsafe.Pointer(s.Sleep)) } // its first word

func (s *WaitSet) watch(c *shm.Control) { s.Sleep, s.Bell, s.Socket = &c.Sleeping, &c.Bell, &c.Socket }

// changed tells the threads of this process that wait that a request is
// complete, that a message has arrived, or that a function waits to be run.
func (w *waiting) changed() {
	atomic.AddUint32(&w.set.Events, 1)
	if w.set.Sleep.Load() != 0 {
		w.rouse()
	}
}

// rouse ends the parking of this process's own threads.
func (w *waiting) rouse() {
	if w.bell.fd.Load() != 0 {
		w.bell.send(w.bell.me())
		return
	}
	w.set.Bell.Add(1)
	futexWake(w.set.Bell)
}

// ready reports whether there is work, or a change since events was read.
func (s *WaitSet) ready(events uint32) bool {
	if atomic.LoadUint32(&s.Events) != events {
		return true
	}
	for _, w := range s.Words[:s.N] {
		if atomic.LoadUint32(w) != 0 {
			return true
		}
	}
	return s.flagged()
}

// flagged reports whether a flag that the engine waits for has come.
func (s *WaitSet) flagged() bool {
	n := atomic.LoadUint32(&s.nflags)
	if n > maxFlags {
		return true
	}
	for i := range s.flags[:n] {
		f := &s.flags[i]
		if f.flag != nil && atomic.LoadUint32(f.flag) == f.value {
			return true
		}
	}
	return false
}

// A patience is how long one call has waited without seeing work.
type patience struct {
	looks uint32
	last  int64 // when it last spun
}

// crowded reports whether others want our processor: a spinning thread that
// finds more than a millisecond gone between two sweeps was put off it. Whoever
// spins then uses up its turn and waits for those of all the others; whoever
// sleeps is let in at once when a packet comes. So for the next tenth of a
// second it parks without spinning. Once is no sign: that was some daemon, and
// a wake-up costs ten times what a look does. Who shares a processor with
// somebody that computes is put off it every few milliseconds.
func (w *waiting) crowded(t *patience) bool {
	now := rainnet.Now()
	if t.looks > 1 && now-t.last > 1e6 {
		if now-w.putOff.Swap(now) < 20e6 {
			w.crowdedTill.Store(now + 100e6)
		}
	}
	t.last = now
	return now < w.crowdedTill.Load()
}

// pause spends a moment: a spin, a yield or a nap. events is the value of
// WaitSet.Events before the caller last looked for what it waits for.
func (e *engine) pause(t *patience, events uint32) {
	s := e.wait.set
	t.looks++
	spins := s.Spins / sweep
	if spins > 0 && e.wait.crowded(t) {
		spins = 0
	}
	switch {
	case t.looks < spins:
		for range sweep {
			if s.ready(events) {
				return
			}
		}
	case t.looks < spins+s.Yields:
		if !s.ready(events) {
			yield()
		}
	default:
		e.park(events)
		t.last = rainnet.Now() // asleep is not put off
	}
}

// sweep is the number of looks at the words between two calls of the engine,
// which looks at the sockets and at the clock.
const sweep = 20

// park sleeps until something may have changed.
func (e *engine) park(events uint32) {
	s := e.wait.set
	bell := s.Bell.Load()
	s.Sleep.Add(1)
	// A sender publishes and then reads Sleep; we have written Sleep and read
	// the words now. One of the two sees the other.
	if !s.ready(events) {
		if atomic.LoadUint32(&s.NFD) == 0 {
			futexWait(s.Bell, bell, atomic.LoadInt64(&s.Deadline))
		} else {
			e.net.park(s)
		}
	}
	s.Sleep.Add(^uint32(0))
}

// until waits for done, making progress. It is the only loop in which a Go
// caller waits, but for a moment in recvShort.
func (e *engine) until(done func() bool) {
	var t patience
	if done() {
		return
	}
	self := e.wait.set.self()
	self.Waiting.Add(1)
	if e.wait.callers.Add(1) > 1 {
		self.Switched.Store(now())
	}
	defer func() {
		e.wait.callers.Add(^uint32(0))
		self.Waiting.Add(^uint32(0))
	}()
	for {
		events := atomic.LoadUint32(&e.wait.set.Events)
		if done() {
			return
		}
		worked := e.advance()
		e.doWork()
		e.runCalls()
		if worked {
			t.looks = 0
			continue
		}
		e.pause(&t, events)
	}
}

// Futexes in memory that processes share: no FUTEX_PRIVATE_FLAG.
const (
	futexOpWait = 0
	futexOpWake = 1
)

func futexWait(word *atomic.Uint32, value uint32, deadline int64) {
	var timeout *unix.Timespec
	if deadline != math.MaxInt64 {
		left := deadline - now()
		if left <= 0 {
			return
		}
		t := unix.NsecToTimespec(left)
		timeout = &t
	}
	unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexOpWait, uintptr(value), uintptr(unsafe.Pointer(timeout)), 0, 0)
}

func futexWake(word *atomic.Uint32) {
	unix.RawSyscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexOpWake, math.MaxInt32, 0, 0, 0)
}

// now is CLOCK_MONOTONIC in nanoseconds, the clock of C: Go's own, which costs
// no system call, and what it was behind when the process began.
func now() int64 { return clockOffset + rainnet.Now() }

var clockOffset = func() int64 {
	var t unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &t)
	return t.Nano() - rainnet.Now()
}()
