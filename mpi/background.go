package mpi

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lookAfter is how long a rank may be outside MPI before the background makes
// progress in its place; lookSoon, if it began a long message between hosts,
// which takes some milliseconds: that is what hides it behind what the program
// computes. While such a message moves there is a look every lookAgain: more
// often costs the program more than it gains the message.
const (
	lookAfter = 5 * time.Millisecond
	lookSoon  = 200 * time.Microsecond
	lookAgain = 400 * time.Microsecond
)

// hurry has the background look soon: a call has begun a long message, and may not wait for it.
func (e *engine) hurry() {
	select {
	case e.soon <- struct{}{}:
	default: // it has been told
	}
}

// watch starts the background reader of an engine that needs one: with rails,
// whose pings are to be answered and whose transfers go on while the program
// computes, and with windows, whose targets take no part in what others do to
// them. mu is held, or nobody else knows the engine yet.
func (e *engine) watch() {
	if !e.watched {
		e.watched = true
		go e.background()
	}
}

// background arms itself only when nobody has been in MPI for a while, so that
// a waiting caller and it are never woken by the same packet.
func (e *engine) background() {
	becomePunctual()
	s := e.wait.set
	wait := lookSoon
	timer := time.NewTimer(lookAfter)
	defer timer.Stop()
	for e.needed() {
		visits, hurried := e.visits.Load(), false
		timer.Reset(lookAfter)
		// Not by a system call: Go's monitor takes the scheduler slot of a thread that is in one,
		// and as long as it finds any to take it looks again and again, on a processor that somebody
		// computes or spins on.
		select {
		case <-timer.C:
		case <-e.soon:
			hurried = true
			visits, wait = e.watchProgram(wait)
		}
		for s.Sleep.Load() == 0 && e.visits.Load() == visits && !e.ended.Load() {
			// It never waits for the lock: whoever holds it may have been put off this very
			// processor by us, and would stay so while we spin.
			worked, held := false, !e.mu.TryLock()
			if !held {
				worked = e.progress()
				visits = e.visits.Load()
				e.unlockAndWork()
				if s.Sleep.Load() != 0 {
					// Somebody has parked meanwhile, with an older deadline.
					e.wait.rouse()
				}
			}
			if held || hurried && worked {
				nap(lookAgain)
			} else {
				e.doze()
			}
		}
	}
}

// watchProgram looks what the program does after it has begun a long message, for wait at a time: the calls that
// told us may go on for a moment. A program that stays in MPI needs nobody, so next time it waits longer.
func (e *engine) watchProgram(wait time.Duration) (visits uint32, next time.Duration) {
	for range 2 {
		visits = e.visits.Load()
		nap(wait)
		if e.visits.Load() == visits && e.wait.set.Sleep.Load() == 0 {
			select { // all that we have been told until now
			case <-e.soon:
			default:
			}
			return visits, lookSoon
		}
	}
	return visits, min(2*wait, lookAfter)
}

// becomePunctual makes this goroutine's thread one that comes in time, on a processor where the program computes: its
// timers are as exact as the kernel's (the C library's threads are patient: cbind/calm.c), and it asks for short turns,
// which Linux lets in before whoever has a long one, from 6.12 on; older ones take no notice. Its policy and its
// niceness stay as they are: a job that was started to run behind all others does.
func becomePunctual() {
	runtime.LockOSThread()
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	if a, err := unix.SchedGetAttr(0, 0); err == nil && a.Policy == unix.SCHED_NORMAL {
		a.Runtime = uint64(shortTurn)
		_ = unix.SchedSetAttr(0, a, 0)
	}
}

const shortTurn = 100 * time.Microsecond

// needed ends the background of an engine that has neither rails nor windows.
func (e *engine) needed() bool {
	if !e.mu.TryLock() {
		return !e.ended.Load() // somebody is in MPI: ask again
	}
	defer e.mu.Unlock()
	e.watched = !e.ended.Load() && (e.net != nil || len(e.wins) > 0)
	return e.watched
}

// doze sleeps until there is work, as park does, and not long: the program may
// have come back to MPI and gone again, with new deadlines.
func (e *engine) doze() {
	s := e.wait.set
	bell := s.Bell.Load()
	s.Sleep.Add(1)
	if !s.ready(atomic.LoadUint32(&s.Events)) {
		if atomic.LoadUint32(&s.NFD) == 0 {
			futexWait(s.Bell, bell, min(atomic.LoadInt64(&s.Deadline), now()+20*int64(lookAfter)))
		} else {
			e.net.parkFor(s, int64(lookAfter))
			e.wait.bell.drain()
		}
	}
	s.Sleep.Add(^uint32(0))
	if atomic.LoadUint32(&s.NFD) != 0 && s.Sleep.Load() != 0 {
		e.wait.rouse() // a caller has parked meanwhile, and the ring we drained may have been its
	}
}

// nap sleeps for a fraction of a millisecond, which Go's own sleeps are rounded up to where nothing else runs.
func nap(d time.Duration) {
	t := unix.NsecToTimespec(int64(d))
	unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&t)), 0, 0)
}
