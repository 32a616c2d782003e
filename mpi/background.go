package mpi

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// lookAfter is how long a rank may be outside MPI before the background makes
// progress in its place, in nanoseconds.
const lookAfter = 5e6

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
	nap := unix.NsecToTimespec(lookAfter)
	for e.needed() {
		visits := e.visits.Load()
		unix.Nanosleep(&nap, nil)
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
func (e *engine) needed() bool {
	e.mu.Lock()
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
		if s.NFD == 0 {
			futexWait(s.Bell, bell, min(s.Deadline, now()+20*lookAfter))
		} else {
			e.net.parkFor(s, lookAfter)
			e.wait.bell.drain()
		}
	}
	s.Sleep.Add(^uint32(0))
	if s.NFD != 0 && s.Sleep.Load() != 0 {
		e.wait.rouse() // a caller has parked meanwhile, and the ring we drained may have been its
	}
}
