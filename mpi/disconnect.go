package mpi

// Disconnect waits until all communication on c has ended and gives it up
// (MPI_Comm_disconnect). Processes that have no communicator with each other left
// are independent then: neither waits for the other in Finalize. Collective.
func (c *Comm) Disconnect() error {
	if err := c.check(); err != nil {
		return err
	}
	if c.ctx.predefined() {
		return errorf(ErrComm, "MPI_COMM_WORLD and MPI_COMM_SELF cannot be disconnected")
	}
	if err := c.Attrs.deleteAll(c); err != nil {
		return err
	}
	if err := c.Barrier(); err != nil {
		return err
	}
	c.bsends.Flush()
	c.e.until(c.settled)
	if c.local != nil {
		c.local.tie(-1)
	}
	c.tie(-1)
	c.e.loosen(false)
	c.e.report()
	return c.Free()
}

// settled reports whether everything that was sent to c's processes of other worlds
// has come there.
func (c *Comm) settled() bool {
	e := c.e
	e.mu.Lock()
	defer e.mu.Unlock()
	quiet := func(g *Group) bool {
		for _, r := range g.ranks {
			p := e.procs[r]
			if p.foreign == nil || p.failed || p.foreign.closed || p.foreign.mute() {
				continue
			}
			if !p.queue.empty() || p.peer.Backlog() > 0 {
				return false
			}
		}
		return true
	}
	return quiet(c.group) && (c.remote == nil || quiet(c.remote))
}
