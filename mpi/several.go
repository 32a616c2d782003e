package mpi

import "rainmpi/mpi/internal/shm"

// byTurns is for how long, in nanoseconds, a rank is taken for one of several threads
// that use MPI after they were last seen to.
const byTurns = 20e6

// several reports whether several threads of a rank use MPI: two were seen waiting in it
// (engine.until), or calling it by turns, which the binding notes (rain_uses).
func several(c *shm.Control) bool {
	at := c.Switched.Load()
	return at != 0 && now()-at < byTurns
}
