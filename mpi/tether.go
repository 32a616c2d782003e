package mpi

import (
	"errors"
	"io"

	"golang.org/x/sys/unix"
)

// Two jobs that are connected share their fate: "if a process terminates without
// calling MPI_FINALIZE, independent processes are not affected but the effect on
// connected processes is not defined" (section 11.10.4), and waiting for a process
// that is no more helps nobody. So the two roots keep the connection by which they
// have met. A root says a word there when no process of the other job that has come
// with it is connected with it any more. An end of the connection without that word
// is the end of the other process, which is that of its job.
//
// Inside a job the agents see to it.

// A tether is that connection.
type tether struct {
	l    *portLink
	at   []int32 // the other group, as places in the engine's table
	done bool    // one side has said its word
}

// bound keeps l for as long as processes of another job are among at, and closes it
// at once if there are none.
func (e *engine) bound(l *portLink, at []int32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, i := range at {
		if f := e.procs[i].foreign; f != nil && f.job != e.self.job {
			t := &tether{l: l, at: at}
			e.tethers = append(e.tethers, t)
			go e.keep(t)
			return
		}
	}
	l.close()
}

// keep reads what comes last. It alone closes the connection.
func (e *engine) keep(t *tether) {
	_, err := t.l.recv()
	e.mu.Lock()
	lost := !t.done && (errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET))
	t.done = true
	e.mu.Unlock()
	t.l.close()
	if lost {
		AbortText(1, "a process of another job that this one is connected with has ended without MPI_Finalize or MPI_Comm_disconnect")
	}
}

// loosen gives up the tethers that hold nobody any more; all of them at the end.
func (e *engine) loosen(all bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := e.tethers[:0]
	for _, t := range e.tethers {
		if !all && e.holds(t) {
			kept = append(kept, t)
			continue
		}
		if !t.done {
			t.done = true
			t.l.send(nil) // some bytes on a socket that has nothing else to send: it does not wait
			unix.Shutdown(t.l.fd, unix.SHUT_WR)
		}
	}
	clear(e.tethers[len(kept):])
	e.tethers = kept
}

// holds reports whether a process at the other end is connected with this one.
func (e *engine) holds(t *tether) bool {
	for _, i := range t.at {
		if f := e.procs[i].foreign; f != nil && f.ties > 0 {
			return true
		}
	}
	return false
}
