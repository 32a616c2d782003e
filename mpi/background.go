package mpi

import (
	"sync/atomic"
	"time"
)

// lookAfter is how long a rank may be outside MPI before the background makes
// progress in its place; lookSoon, if it left a long message between hosts
// under way, which takes some milliseconds: that is what hides it behind what
// the program computes.
const (
	lookAfter = 5 * time.Millisecond
	lookSoon  = 200 * time.Microsecond
)

// hurry has the background look soon: a long message waits for its receiver's
// word, or for its sender's.
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
	s := e.wait.set
	wait := lookSoon
	timer := time.NewTimer(lookAfter)
	defer timer.Stop()
	for e.needed() {
		visits := e.visits.Load()
		timer.Reset(lookAfter)
		// Not by a system call: Go's monitor takes the scheduler slot of a thread that is in one,
		// and as long as it finds any to take it looks every 20 us, on a processor that somebody
		// computes or spins on.
		select {
		case <-timer.C:
		case <-e.soon:
			visits = e.visits.Load()
			time.Sleep(wait)
			if e.visits.Load() == visits && s.Sleep.Load() == 0 {
				wait = lookSoon
			} else {
				wait = min(2*wait, lookAfter) // a program that waits for its messages needs nobody
			}
		}
		for s.Sleep.Load() == 0 && e.visits.Load() == visits && !e.ended.Load() {
			if e.mu.TryLock() {
				e.progress()
				visits = e.visits.Load()
				e.mu.Unlock()
				if s.Sleep.Load() != 0 {
					// Somebody has parked meanwhile, with an older deadline.
					e.wait.rouse()
				}
			}
			e.doze()
		}
	}
}

// needed ends the background of an engine that has neither rails nor windows.
// It never waits for the lock: whoever holds it may have been put off this very
// processor by us, and would stay so while we spin.
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
