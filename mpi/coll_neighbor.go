package mpi

import "rainmpi/mpi/internal/coll"

// Neighbourhood collectives (MPI 5.0 section 8.6): each process exchanges with
// its neighbours in the communicator's process topology. Blocks are in the order
// of the neighbours: sources in the receive buffer, destinations in the send
// buffer. The block of a neighbour ProcNull is left alone.

func (c *Comm) planNeighbor(k coll.Coll) *collPlan {
	p := c.plan(k)
	if p.err == nil && c.topo == nil {
		p.fail(ErrTopology, "%v needs a communicator with a process topology", k)
	}
	return p
}

func (c *Comm) planNeighborAllgather(send, recv Buffer) *collPlan {
	p := c.planNeighbor(coll.NeighborAllgather)
	p.send(send)
	p.recv(recv)
	return p
}

func (c *Comm) planNeighborAllgatherv(send Buffer, recv BufferV) *collPlan {
	p := c.planNeighbor(coll.NeighborAllgatherv)
	if p.err == nil {
		p.send(send)
		p.recvV(recv, len(c.topo.in))
	}
	return p
}

func (c *Comm) planNeighborAlltoall(send, recv Buffer) *collPlan {
	p := c.planNeighbor(coll.NeighborAlltoall)
	p.send(send)
	p.recv(recv)
	return p
}

func (c *Comm) planNeighborAlltoallv(send, recv BufferV) *collPlan {
	p := c.planNeighbor(coll.NeighborAlltoallv)
	if p.err == nil {
		p.sendV(send, len(c.topo.out))
		p.recvV(recv, len(c.topo.in))
	}
	return p
}

func (c *Comm) planNeighborAlltoallw(send, recv BufferW) *collPlan {
	p := c.planNeighbor(coll.NeighborAlltoallw)
	if p.err == nil {
		p.sendW(send, len(c.topo.out))
		p.recvW(recv, len(c.topo.in))
	}
	return p
}

// NeighborAllgather sends the same block to all neighbours; recv.Count is of one
// block (MPI_Neighbor_allgather).
func (c *Comm) NeighborAllgather(send, recv Buffer) error {
	return c.planNeighborAllgather(send, recv).wait()
}
func (c *Comm) IneighborAllgather(send, recv Buffer) (*Request, error) {
	return c.planNeighborAllgather(send, recv).start()
}
func (c *Comm) NeighborAllgatherInit(send, recv Buffer) (*Request, error) {
	return c.planNeighborAllgather(send, recv).persistent()
}

// NeighborAllgatherv is NeighborAllgather of blocks of different lengths
// (MPI_Neighbor_allgatherv).
func (c *Comm) NeighborAllgatherv(send Buffer, recv BufferV) error {
	return c.planNeighborAllgatherv(send, recv).wait()
}
func (c *Comm) IneighborAllgatherv(send Buffer, recv BufferV) (*Request, error) {
	return c.planNeighborAllgatherv(send, recv).start()
}
func (c *Comm) NeighborAllgathervInit(send Buffer, recv BufferV) (*Request, error) {
	return c.planNeighborAllgatherv(send, recv).persistent()
}

// NeighborAlltoall sends each neighbour its block; the counts are of one block
// (MPI_Neighbor_alltoall).
func (c *Comm) NeighborAlltoall(send, recv Buffer) error {
	return c.planNeighborAlltoall(send, recv).wait()
}
func (c *Comm) IneighborAlltoall(send, recv Buffer) (*Request, error) {
	return c.planNeighborAlltoall(send, recv).start()
}
func (c *Comm) NeighborAlltoallInit(send, recv Buffer) (*Request, error) {
	return c.planNeighborAlltoall(send, recv).persistent()
}

// NeighborAlltoallv is NeighborAlltoall of blocks of different lengths
// (MPI_Neighbor_alltoallv).
func (c *Comm) NeighborAlltoallv(send, recv BufferV) error {
	return c.planNeighborAlltoallv(send, recv).wait()
}
func (c *Comm) IneighborAlltoallv(send, recv BufferV) (*Request, error) {
	return c.planNeighborAlltoallv(send, recv).start()
}
func (c *Comm) NeighborAlltoallvInit(send, recv BufferV) (*Request, error) {
	return c.planNeighborAlltoallv(send, recv).persistent()
}

// NeighborAlltoallw is NeighborAlltoall of blocks of different lengths and types
// (MPI_Neighbor_alltoallw).
func (c *Comm) NeighborAlltoallw(send, recv BufferW) error {
	return c.planNeighborAlltoallw(send, recv).wait()
}
func (c *Comm) IneighborAlltoallw(send, recv BufferW) (*Request, error) {
	return c.planNeighborAlltoallw(send, recv).start()
}
func (c *Comm) NeighborAlltoallwInit(send, recv BufferW) (*Request, error) {
	return c.planNeighborAlltoallw(send, recv).persistent()
}
