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

// ProgressBeside is Progress for a thread that waits in its own language, for a short
// message: long work is left to those that wait in this library, if there are any.
func ProgressBeside() {
	if e := life.current.Load(); e != nil {
		e.advance()
		if e.wait.set.self().Waiting.Load() == 0 {
			e.doWork()
		}
		e.runCalls()
	}
}

// BeginBarrier and the like begin what the blocking calls do, which need not be what
// the nonblocking ones do: all ranks wait for the end before they call a collective on
// the communicator again.
func (c *Comm) BeginBarrier() (*Request, error)                 { return c.planBarrier().block() }
func (c *Comm) BeginBcast(b Buffer, root int) (*Request, error) { return c.planBcast(b, root).block() }
func (c *Comm) BeginAllgather(send, recv Buffer) (*Request, error) {
	return c.planAllgather(send, recv).block()
}
func (c *Comm) BeginAlltoall(send, recv Buffer) (*Request, error) {
	return c.planAlltoall(send, recv).block()
}
func (c *Comm) BeginReduce(send, recv Buffer, op *Op, root int) (*Request, error) {
	return c.planReduce(send, recv, op, root).block()
}
func (c *Comm) BeginAllreduce(send, recv Buffer, op *Op) (*Request, error) {
	return c.planAllreduce(send, recv, op).block()
}

// Flat is what the binding needs to do flat collectives itself, nil if none of this
// communicator's are; it is valid until Free.
func (c *Comm) Flat() *Flat {
	if c == nil {
		return nil
	}
	return c.flat
}

// WakeMembers rings the bells of the members that sleep, after the binding has
// changed something that they wait for.
func (c *Comm) WakeMembers() {
	if c.flat != nil {
		c.e.mu.Lock()
		c.wakeMembers()
		c.e.mu.Unlock()
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
