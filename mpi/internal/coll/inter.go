package coll

// Collectives of two groups (MPI 5.0 §6.2.2 and the paragraphs on
// intercommunicators of each operation): what one group contributes, the other
// gets. Programs use them rarely, so there is one simple algorithm for each: what
// has to be combined or told to all goes through the first rank of each group.

// The roots of a rooted operation, in the group that has the root; in the other
// group Root is the root's rank. The values are MPI's.
const (
	RootProcNull = -3 // another rank of this group is the root: no part in it
	RootHere     = -4 // this rank is the root
)

var interAlgorithms = [numColl]Algorithm{
	Barrier:            {build: interBarrier},
	Bcast:              {build: interBcast},
	Gather:             {build: interGather},
	Gatherv:            {build: interGather},
	Scatter:            {build: interScatter},
	Scatterv:           {build: interScatter},
	Allgather:          {build: interExchange},
	Allgatherv:         {build: interExchange},
	Alltoall:           {build: interExchange},
	Alltoallv:          {build: interExchange},
	Alltoallw:          {build: interExchange},
	Reduce:             {build: interReduce},
	Allreduce:          {build: interAllreduce},
	ReduceScatter:      {build: interReduceScatter},
	ReduceScatterBlock: {build: interReduceScatter},
}

func init() {
	for c := range interAlgorithms {
		interAlgorithms[c].Coll, interAlgorithms[c].Name = Coll(c), "inter"
	}
}

// HasInter reports whether the operation is defined between two groups: scans and
// neighbourhoods are not.
func (c Coll) HasInter() bool { return interAlgorithms[c].build != nil }

// far is the peer that stands for a rank of the other group.
func (b *builder) far(rank int) int { return b.Size + rank }

func interBarrier(b *builder) {
	b.reportTree()
	if b.rank == 0 {
		b.signal(b.far(0), Ref{})
		b.await(b.far(0), Ref{})
		b.fence()
	}
	b.releaseTree()
}

func interBcast(b *builder) {
	buf := b.recvBuf(b.sh.RecvCount)
	switch b.sh.Root {
	case RootProcNull:
	case RootHere:
		b.send(b.far(0), buf)
	default:
		if b.rank == 0 {
			b.recv(b.far(b.sh.Root), buf)
			b.fence()
		}
		b.bcastTree(buf, 0)
	}
}

func interGather(b *builder) {
	switch b.sh.Root {
	case RootProcNull:
	case RootHere:
		for i := range b.Remote {
			b.recv(b.far(i), b.recvBlock(i))
		}
	default:
		b.send(b.far(b.sh.Root), b.sendBuf(b.sh.SendCount))
	}
}

func interScatter(b *builder) {
	switch b.sh.Root {
	case RootProcNull:
	case RootHere:
		for i := range b.Remote {
			b.send(b.far(i), b.sendBlock(i))
		}
	default:
		b.recv(b.far(b.sh.Root), b.recvBuf(b.sh.RecvCount))
	}
}

// interExchange is every allgather and alltoall: all pairs at once.
func interExchange(b *builder) {
	all := b.sh.Coll == Allgather || b.sh.Coll == Allgatherv
	for k := range b.Remote {
		i := (b.rank + k) % b.Remote
		b.recv(b.far(i), b.recvBlock(i))
	}
	for k := range b.Remote {
		i := (b.rank + k) % b.Remote
		if all {
			b.send(b.far(i), b.sendBuf(b.sh.SendCount))
		} else {
			b.send(b.far(i), b.sendBlock(i))
		}
	}
}

func interReduce(b *builder) {
	n := b.sh.RecvCount
	in, fixed := b.input(n)
	switch b.sh.Root {
	case RootProcNull:
	case RootHere:
		b.recv(b.far(0), b.recvBuf(n))
	default:
		part := b.groupSum(in, fixed)
		if b.rank == 0 {
			b.send(b.far(b.sh.Root), part)
		}
	}
}

// groupSum combines the group's operands at its first rank, in scratch memory.
func (b *builder) groupSum(in Ref, fixed bool) Ref {
	var part Ref
	if b.rank == 0 {
		part = b.room(RecvType, in.Count)
	}
	b.reduceTree(in, fixed, part, 0)
	b.fence()
	return part
}

func interAllreduce(b *builder) {
	in, fixed := b.input(b.sh.RecvCount)
	out := b.recvBuf(b.sh.RecvCount)
	part := b.groupSum(in, fixed)
	if b.rank == 0 {
		b.recv(b.far(0), out)
		b.send(b.far(0), part)
		b.fence()
	}
	b.bcastTree(out, 0)
}

// interReduceScatter: "the number of elements … is the same in both groups".
func interReduceScatter(b *builder) {
	pieces := b.scatterPieces()
	in, fixed := b.input(pieces[b.size])
	part := b.groupSum(in, fixed)
	out := b.recvBuf(pieces[b.rank+1] - pieces[b.rank])
	if b.rank != 0 {
		b.recv(0, out)
		return
	}
	got := b.room(RecvType, in.Count)
	b.recv(b.far(0), got)
	b.send(b.far(0), part)
	b.fence()
	for i := 1; i < b.size; i++ {
		b.send(i, pieces.of(b, got, i, i+1))
	}
	b.copy(out, pieces.of(b, got, 0, 1))
}
