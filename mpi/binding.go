package mpi

// What a language binding needs beside the public calls, TakeCall and
// PredefinedDatatype: it waits in its own language.

// Waiting is what a waiting thread looks at; nil when MPI is not running. It
// lies outside the Go heap and stays valid until Finalize.
func Waiting() *WaitSet {
	if e := life.current.Load(); e != nil {
		return e.wait.set
	}
	return nil
}

// Progress moves messages once, for calls that return at once.
func Progress() {
	if e := life.current.Load(); e != nil {
		e.step()
	}
}

// Wake makes the threads of this process that wait look again: something that
// the binding itself keeps has changed.
func Wake() {
	if e := life.current.Load(); e != nil {
		e.wait.changed()
	}
}

// CheckSend is the error that a send with these arguments gives. A call that also
// receives asks first: its receive might take a message.
func (c *Comm) CheckSend(b Buffer, dest, tag int) error { return c.checkSend(b, dest, tag) }

// AtExit is for bindings that are called when the process ends: it takes the
// process out of the job if the last session was finalized. With Linger sessions
// do not do so themselves, and another one can be opened after the last.
func AtExit() {
	life.mu.Lock()
	defer life.mu.Unlock()
	if e := life.current.Load(); e != nil && life.users == 0 {
		e.leave()
	}
}

// Linger is for bindings that call AtExit.
func Linger() {
	life.mu.Lock()
	life.linger = true
	life.mu.Unlock()
}
