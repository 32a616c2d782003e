package coll

// MPI requires all ranks to make the same call: "the type signature of count,
// datatype on any process must be equal to the type signature of count, datatype
// at the root" (MPI 5.0 section 6.4), and the like of each collective. Every message of a collective
// says in a few bits which call it belongs to, so that calls that differ get an
// error, where their schedules would wait for each other or take wrong bytes.

// Signs of messages: 0 is that of messages of no collective, Failed tells that the sender has given
// its call up, those between are calls'.
const (
	Failed    = 127
	signRange = 113 // a prime: sums of multiples of anything short of it differ
)

// sign is the same at every rank that makes the same call, and differs between most that do not:
// certainly by the operation or the algorithm or the root alone, and by the bytes alone but for one
// length in 113.
func (a *Algorithm) sign(g *Group, s *Shape, v *Vectors) uint8 {
	if g.Remote > 0 {
		return uint8(1 + len(algorithms) + int(s.Coll)) // the groups' roots and lengths differ
	}
	n := int64(0)
	for i := range algorithms {
		if &algorithms[i] == a {
			n = int64(i)
		}
	}
	n += 47 * int64(s.Root)
	if g.known(s) {
		n += 31 * (g.bytes(s, v) % signRange)
	}
	return uint8(1 + n%signRange)
}

// known reports whether bytes is what the call says, and not zero for want of knowledge.
func (g *Group) known(s *Shape) bool {
	switch s.Coll {
	case Bcast, Reduce, Allreduce, Scan, Exscan, ReduceScatterBlock, ReduceScatter, Allgather, Allgatherv, Alltoall, Gather, Scatter:
		return g.Remote == 0
	}
	return false
}
