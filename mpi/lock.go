package mpi

import (
	"runtime"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A lock guards the engine. It spins and yields the processor, and never
// sleeps: it is held for the length of one step of progress, and a contended
// sync.Mutex would put a caller to sleep for longer than that (a wake-up of a
// goroutine on a busy core takes milliseconds). Its word lies where C sees it,
// which takes the lock as well.
type lock struct {
	word  *atomic.Uint32
	e     *engine
	trace lockTrace
}

// Lock: a waiter gives its slot of Go's scheduler away now and then: the holder may
// have been preempted and need it, and a loop around a raw system call has no
// point at which the scheduler could take it.
func (l *lock) Lock() {
	for spins := 0; !l.TryLock(); spins++ {
		switch {
		case spins <= 100:
		case spins%16 != 0:
			yield()
		default:
			runtime.Gosched()
		}
	}
}

func (l *lock) TryLock() bool {
	if l.word.Load() != 0 || !l.word.CompareAndSwap(0, 1) {
		return false
	}
	l.trace.taken()
	if l.e.table.first != 0 {
		l.e.postTickets()
	}
	return true
}

func (l *lock) Unlock() {
	l.trace.givenUp()
	l.word.Store(0)
}

// yield gives the processor to another process or thread.
func yield() { unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }
