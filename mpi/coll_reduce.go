package mpi

import "rainmpi/mpi/internal/coll"

// The reductions (MPI 5.0 sections 6.9 to 6.11). Both buffers have one datatype
// and one count; package coll takes them from the receive side.

func (c *Comm) planReduce(send, recv Buffer, op *Op, root int) *collPlan {
	p := c.plan(coll.Reduce)
	p.rooted(root)
	switch {
	case p.err != nil:
	case p.root:
		p.reduction(send, recv, op)
	case p.leaf: // only the root's receive buffer is significant
		p.contribution(send, op)
	}
	return p
}

func (c *Comm) planAllreduce(send, recv Buffer, op *Op) *collPlan {
	return c.planReduction(coll.Allreduce, send, recv, op)
}

// planReduction is every reduction without a root and with one count.
func (c *Comm) planReduction(k coll.Coll, send, recv Buffer, op *Op) *collPlan {
	p := c.plan(k)
	p.reduction(send, recv, op)
	return p
}

// reduction takes the arguments at a rank that gets a result. What it gives is
// in the send buffer, or in place, or nothing: at the root of an
// intercommunicator.
func (p *collPlan) reduction(send, recv Buffer, op *Op) {
	p.recv(recv)
	switch {
	case p.err != nil:
		return
	case p.root && p.c.Inter():
	case send.IsInPlace():
		p.inPlace()
	case !p.ok(send.check()):
		return
	case send.Addr == recv.Addr && send.Addr != nil && send.Count > 0 && recv.Count > 0 && recv.Type.t.Size() > 0:
		// "In place" has its own sign; equal buffers are an error (section 6.1).
		p.fail(ErrBuffer, "the send and the receive buffer of %v are the same memory; use MPI_IN_PLACE", p.call.shape.Coll)
		return
	default:
		p.call.args.Send, p.call.args.SendType = send.Addr, send.Type.t
	}
	p.operation(op, recv.Type)
}

// contribution takes the arguments at a rank that gets no result.
func (p *collPlan) contribution(send Buffer, op *Op) {
	p.send(send)
	if p.err == nil {
		p.call.shape.RecvCount, p.call.shape.Recv = p.call.shape.SendCount, p.call.shape.Send
		p.call.args.RecvType = p.call.args.SendType
		p.call.shape.SendCount, p.call.shape.Send = 0, coll.Layout{}
		p.operation(op, send.Type)
	}
}

func (p *collPlan) operation(op *Op, t *Datatype) {
	if p.ok(op.check(t, false)) {
		p.call.op, p.call.element = op, t
		p.call.shape.Commutative = op.Commutative()
	}
}

func (c *Comm) planReduceScatter(send, recv Buffer, counts []int64, op *Op) *collPlan {
	p := c.plan(coll.ReduceScatter)
	if p.err == nil && len(counts) < c.Size() {
		p.fail(ErrArg, "%d counts for %d ranks", len(counts), c.Size())
	}
	if p.err != nil || !p.ok(checkCounts(counts[:c.Size()])) {
		return p
	}
	recv.Count = int(counts[c.rank])
	p.reduction(send, recv, op)
	p.call.vectors = &p.v
	p.v.RecvCounts = counts[:c.Size()]
	p.call.shape.RecvCount = 0 // differs between ranks
	return p
}
