package mpi

import "rainmpi/mpi/internal/coll"

// The collective calls that move data (MPI 5.0 sections 6.3 to 6.8): each
// checks its arguments and fills in a plan. An argument that is not significant
// at a rank is not looked at there.

func (c *Comm) planBarrier() *collPlan { return c.plan(coll.Barrier) }

func (c *Comm) planBcast(b Buffer, root int) *collPlan {
	p := c.plan(coll.Bcast)
	if p.rooted(root); p.root || p.leaf {
		p.recv(b)
	}
	return p
}

// planGather: recv.Count is of one block.
func (c *Comm) planGather(send, recv Buffer, root int) *collPlan {
	p := c.plan(coll.Gather)
	if p.rooted(root); p.root {
		p.recv(recv)
	}
	p.gives(send)
	return p
}

// gives takes the send buffer of a gather, which the root may have in place.
func (p *collPlan) gives(send Buffer) {
	switch {
	case p.root && send.IsInPlace():
		p.inPlace()
	case p.leaf:
		p.send(send)
	}
}

func (c *Comm) planGatherv(send Buffer, recv BufferV, root int) *collPlan {
	p := c.plan(coll.Gatherv)
	if p.rooted(root); p.root {
		p.recvV(recv, c.peers())
	}
	p.gives(send)
	return p
}

// planScatter: send.Count is of one block.
func (c *Comm) planScatter(send, recv Buffer, root int) *collPlan {
	p := c.plan(coll.Scatter)
	if p.rooted(root); p.root {
		p.send(send)
	}
	p.gets(recv)
	return p
}

// gets takes the receive buffer of a scatter, which the root may have in place.
func (p *collPlan) gets(recv Buffer) {
	switch {
	case p.root && recv.IsInPlace():
		p.inPlace()
	case p.leaf:
		p.recv(recv)
	}
}

func (c *Comm) planScatterv(send BufferV, recv Buffer, root int) *collPlan {
	p := c.plan(coll.Scatterv)
	if p.rooted(root); p.root {
		p.sendV(send, c.peers())
	}
	p.gets(recv)
	return p
}

// planAllgather: recv.Count is of one block.
func (c *Comm) planAllgather(send, recv Buffer) *collPlan {
	p := c.plan(coll.Allgather)
	p.recv(recv)
	p.sendOrInPlace(send)
	return p
}

func (p *collPlan) sendOrInPlace(send Buffer) {
	if send.IsInPlace() {
		p.inPlace()
	} else {
		p.send(send)
	}
}

func (c *Comm) planAllgatherv(send Buffer, recv BufferV) *collPlan {
	p := c.plan(coll.Allgatherv)
	if p.err == nil {
		p.recvV(recv, c.peers())
		p.sendOrInPlace(send)
	}
	return p
}

// planAlltoall: both counts are of one block.
func (c *Comm) planAlltoall(send, recv Buffer) *collPlan {
	p := c.plan(coll.Alltoall)
	p.recv(recv)
	p.sendOrInPlace(send)
	return p
}

func (c *Comm) planAlltoallv(send, recv BufferV) *collPlan {
	p := c.plan(coll.Alltoallv)
	if p.err != nil {
		return p
	}
	p.recvV(recv, c.peers())
	if send.IsInPlace() {
		p.inPlace()
	} else {
		p.sendV(send, c.peers())
	}
	return p
}

func (c *Comm) planAlltoallw(send, recv BufferW) *collPlan {
	p := c.plan(coll.Alltoallw)
	if p.err != nil {
		return p
	}
	if send.IsInPlace() {
		p.inPlace()
	} else {
		p.sendW(send, c.peers())
	}
	p.recvW(recv, c.peers())
	return p
}
