package mpi

import "rainmpi/mpi/internal/coll"

// Every collective in its three forms. A nonblocking one keeps the buffers
// until its request has ended; a persistent one starts with Request.Start.

// Barrier waits until all ranks have called it (MPI_Barrier).
func (c *Comm) Barrier() error                 { return c.planBarrier().wait() }
func (c *Comm) Ibarrier() (*Request, error)    { return c.planBarrier().start() }
func (c *Comm) BarrierInit() (*Request, error) { return c.planBarrier().persistent() }

// Bcast sends the root's b to all ranks (MPI_Bcast).
func (c *Comm) Bcast(b Buffer, root int) error              { return c.planBcast(b, root).wait() }
func (c *Comm) Ibcast(b Buffer, root int) (*Request, error) { return c.planBcast(b, root).start() }
func (c *Comm) BcastInit(b Buffer, root int) (*Request, error) {
	return c.planBcast(b, root).persistent()
}

// Gather collects one block per rank at the root; recv.Count is of one block (MPI_Gather).
func (c *Comm) Gather(send, recv Buffer, root int) error {
	return c.planGather(send, recv, root).wait()
}
func (c *Comm) Igather(send, recv Buffer, root int) (*Request, error) {
	return c.planGather(send, recv, root).start()
}
func (c *Comm) GatherInit(send, recv Buffer, root int) (*Request, error) {
	return c.planGather(send, recv, root).persistent()
}

// Gatherv is Gather of blocks of different lengths (MPI_Gatherv).
func (c *Comm) Gatherv(send Buffer, recv BufferV, root int) error {
	return c.planGatherv(send, recv, root).wait()
}
func (c *Comm) Igatherv(send Buffer, recv BufferV, root int) (*Request, error) {
	return c.planGatherv(send, recv, root).start()
}
func (c *Comm) GathervInit(send Buffer, recv BufferV, root int) (*Request, error) {
	return c.planGatherv(send, recv, root).persistent()
}

// Scatter deals the root's blocks out; send.Count is of one block (MPI_Scatter).
func (c *Comm) Scatter(send, recv Buffer, root int) error {
	return c.planScatter(send, recv, root).wait()
}
func (c *Comm) Iscatter(send, recv Buffer, root int) (*Request, error) {
	return c.planScatter(send, recv, root).start()
}
func (c *Comm) ScatterInit(send, recv Buffer, root int) (*Request, error) {
	return c.planScatter(send, recv, root).persistent()
}

// Scatterv is Scatter of blocks of different lengths (MPI_Scatterv).
func (c *Comm) Scatterv(send BufferV, recv Buffer, root int) error {
	return c.planScatterv(send, recv, root).wait()
}
func (c *Comm) Iscatterv(send BufferV, recv Buffer, root int) (*Request, error) {
	return c.planScatterv(send, recv, root).start()
}
func (c *Comm) ScattervInit(send BufferV, recv Buffer, root int) (*Request, error) {
	return c.planScatterv(send, recv, root).persistent()
}

// Allgather collects one block per rank everywhere; recv.Count is of one block (MPI_Allgather).
func (c *Comm) Allgather(send, recv Buffer) error { return c.planAllgather(send, recv).wait() }
func (c *Comm) Iallgather(send, recv Buffer) (*Request, error) {
	return c.planAllgather(send, recv).start()
}
func (c *Comm) AllgatherInit(send, recv Buffer) (*Request, error) {
	return c.planAllgather(send, recv).persistent()
}

// Allgatherv is Allgather of blocks of different lengths (MPI_Allgatherv).
func (c *Comm) Allgatherv(send Buffer, recv BufferV) error {
	return c.planAllgatherv(send, recv).wait()
}
func (c *Comm) Iallgatherv(send Buffer, recv BufferV) (*Request, error) {
	return c.planAllgatherv(send, recv).start()
}
func (c *Comm) AllgathervInit(send Buffer, recv BufferV) (*Request, error) {
	return c.planAllgatherv(send, recv).persistent()
}

// Alltoall sends block i to rank i; the counts are of one block (MPI_Alltoall).
func (c *Comm) Alltoall(send, recv Buffer) error { return c.planAlltoall(send, recv).wait() }
func (c *Comm) Ialltoall(send, recv Buffer) (*Request, error) {
	return c.planAlltoall(send, recv).start()
}
func (c *Comm) AlltoallInit(send, recv Buffer) (*Request, error) {
	return c.planAlltoall(send, recv).persistent()
}

// Alltoallv is Alltoall of blocks of different lengths (MPI_Alltoallv).
func (c *Comm) Alltoallv(send, recv BufferV) error { return c.planAlltoallv(send, recv).wait() }
func (c *Comm) Ialltoallv(send, recv BufferV) (*Request, error) {
	return c.planAlltoallv(send, recv).start()
}
func (c *Comm) AlltoallvInit(send, recv BufferV) (*Request, error) {
	return c.planAlltoallv(send, recv).persistent()
}

// Alltoallw is Alltoall of blocks of different lengths and types (MPI_Alltoallw).
func (c *Comm) Alltoallw(send, recv BufferW) error { return c.planAlltoallw(send, recv).wait() }
func (c *Comm) Ialltoallw(send, recv BufferW) (*Request, error) {
	return c.planAlltoallw(send, recv).start()
}
func (c *Comm) AlltoallwInit(send, recv BufferW) (*Request, error) {
	return c.planAlltoallw(send, recv).persistent()
}

// Reduce combines the ranks' buffers, in rank order, at the root (MPI_Reduce).
func (c *Comm) Reduce(send, recv Buffer, op *Op, root int) error {
	return c.planReduce(send, recv, op, root).wait()
}
func (c *Comm) Ireduce(send, recv Buffer, op *Op, root int) (*Request, error) {
	return c.planReduce(send, recv, op, root).start()
}
func (c *Comm) ReduceInit(send, recv Buffer, op *Op, root int) (*Request, error) {
	return c.planReduce(send, recv, op, root).persistent()
}

// Allreduce combines the ranks' buffers, in rank order, everywhere (MPI_Allreduce).
func (c *Comm) Allreduce(send, recv Buffer, op *Op) error {
	return c.planAllreduce(send, recv, op).wait()
}
func (c *Comm) Iallreduce(send, recv Buffer, op *Op) (*Request, error) {
	return c.planAllreduce(send, recv, op).start()
}
func (c *Comm) AllreduceInit(send, recv Buffer, op *Op) (*Request, error) {
	return c.planAllreduce(send, recv, op).persistent()
}

// ReduceScatter combines, and deals the result out by counts; the buffers' own counts do not matter (MPI_Reduce_scatter).
func (c *Comm) ReduceScatter(send, recv Buffer, counts []int64, op *Op) error {
	return c.planReduceScatter(send, recv, counts, op).wait()
}
func (c *Comm) IreduceScatter(send, recv Buffer, counts []int64, op *Op) (*Request, error) {
	return c.planReduceScatter(send, recv, counts, op).start()
}
func (c *Comm) ReduceScatterInit(send, recv Buffer, counts []int64, op *Op) (*Request, error) {
	return c.planReduceScatter(send, recv, counts, op).persistent()
}

// ReduceScatterBlock combines, and deals the result out in equal blocks of recv.Count (MPI_Reduce_scatter_block).
func (c *Comm) ReduceScatterBlock(send, recv Buffer, op *Op) error {
	return c.planReduction(coll.ReduceScatterBlock, send, recv, op).wait()
}
func (c *Comm) IreduceScatterBlock(send, recv Buffer, op *Op) (*Request, error) {
	return c.planReduction(coll.ReduceScatterBlock, send, recv, op).start()
}
func (c *Comm) ReduceScatterBlockInit(send, recv Buffer, op *Op) (*Request, error) {
	return c.planReduction(coll.ReduceScatterBlock, send, recv, op).persistent()
}

// Scan gives rank i the combination of ranks 0 to i (MPI_Scan).
func (c *Comm) Scan(send, recv Buffer, op *Op) error {
	return c.planReduction(coll.Scan, send, recv, op).wait()
}
func (c *Comm) Iscan(send, recv Buffer, op *Op) (*Request, error) {
	return c.planReduction(coll.Scan, send, recv, op).start()
}
func (c *Comm) ScanInit(send, recv Buffer, op *Op) (*Request, error) {
	return c.planReduction(coll.Scan, send, recv, op).persistent()
}

// Exscan gives rank i the combination of ranks 0 to i-1; nothing to rank 0 (MPI_Exscan).
func (c *Comm) Exscan(send, recv Buffer, op *Op) error {
	return c.planReduction(coll.Exscan, send, recv, op).wait()
}
func (c *Comm) Iexscan(send, recv Buffer, op *Op) (*Request, error) {
	return c.planReduction(coll.Exscan, send, recv, op).start()
}
func (c *Comm) ExscanInit(send, recv Buffer, op *Op) (*Request, error) {
	return c.planReduction(coll.Exscan, send, recv, op).persistent()
}
