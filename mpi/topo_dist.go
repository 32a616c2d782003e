package mpi

import "slices"

// Distributed graphs (MPI 5.0 section 8.5.4): each process knows its own
// neighbours only.

// Neighbors are the other ends of a process's edges, of one direction.
type Neighbors struct {
	Ranks   []int
	Weights []int // nil: MPI_UNWEIGHTED
}

func (n Neighbors) check(c *Comm, what string) error {
	for i, r := range n.Ranks {
		if r < 0 || r >= c.Size() {
			return errorf(ErrRank, "%s %d is rank %d; the communicator has ranks 0 to %d", what, i, r, c.Size()-1)
		}
	}
	if n.Weights != nil {
		if len(n.Weights) != len(n.Ranks) {
			return errorf(ErrArg, "%d weights for %d neighbours", len(n.Weights), len(n.Ranks))
		}
		for i, w := range n.Weights {
			if w < 0 {
				return errorf(ErrArg, "the weight of %s %d is %d; it must not be negative", what, i, w)
			}
		}
	}
	return nil
}

// DistGraphCreateAdjacent makes a communicator in which this process receives
// from in and sends to out (MPI_Dist_graph_create_adjacent). Ranks stay as they
// are, whatever reorder says.
func (c *Comm) DistGraphCreateAdjacent(in, out Neighbors, reorder bool) (*Comm, error) {
	if err := c.checkIntra(); err != nil {
		return nil, err
	}
	if err := in.check(c, "source"); err != nil {
		return nil, err
	}
	if err := out.check(c, "destination"); err != nil {
		return nil, err
	}
	g, err := c.first(c.Size())
	if err != nil {
		return nil, err
	}
	g.topo = &topology{kind: DistGraphTopology, in: slices.Clone(in.Ranks), out: slices.Clone(out.Ranks),
		inWeights: slices.Clone(in.Weights), outWeights: slices.Clone(out.Weights)}
	return g, nil
}

// DistGraphCreate is the same of edges that any process may give: from sources[i]
// go degrees[i] edges to the next destinations (MPI_Dist_graph_create). All give
// weights, or none does.
func (c *Comm) DistGraphCreate(sources, degrees, destinations, weights []int, reorder bool) (*Comm, error) {
	if err := c.checkIntra(); err != nil {
		return nil, err
	}
	if len(degrees) != len(sources) {
		return nil, errorf(ErrArg, "%d degrees for %d sources", len(degrees), len(sources))
	}
	n := 0
	for i, d := range degrees {
		if d < 0 {
			return nil, errorf(ErrArg, "degree %d is %d; it must not be negative", i, d)
		}
		n += d
	}
	if n > len(destinations) || weights != nil && n > len(weights) {
		return nil, errorf(ErrArg, "the degrees have %d edges, there are %d destinations and %d weights", n, len(destinations), len(weights))
	}
	if err := (Neighbors{Ranks: sources}).check(c, "source"); err != nil {
		return nil, err
	}
	ends := Neighbors{Ranks: destinations[:n]}
	if weights != nil {
		ends.Weights = weights[:n]
	}
	if err := ends.check(c, "destination"); err != nil {
		return nil, err
	}
	in, out, err := c.tellEdges(sources, degrees, ends)
	if err != nil {
		return nil, err
	}
	return c.DistGraphCreateAdjacent(in, out, reorder)
}

// tellEdges tells both ends of every edge. All ends order their edges by who
// gave them, and in which order: so several edges between two processes come in
// the same order at both.
func (c *Comm) tellEdges(sources, degrees []int, ends Neighbors) (in, out Neighbors, err error) {
	// To each process: for each of its edges its role, the other end, the weight.
	const incoming, outgoing = 0, 1
	to := make([][]int64, c.Size())
	at := 0
	for i, s := range sources {
		for range degrees[i] {
			d, w := ends.Ranks[at], int64(1)
			if ends.Weights != nil {
				w = int64(ends.Weights[at])
			}
			to[s] = append(to[s], outgoing, int64(d), w)
			to[d] = append(to[d], incoming, int64(s), w)
			at++
		}
	}
	got, err := c.deal(to)
	if err != nil {
		return in, out, err
	}
	for ; len(got) > 0; got = got[3:] {
		side := &in
		if got[0] == outgoing {
			side = &out
		}
		side.Ranks = append(side.Ranks, int(got[1]))
		side.Weights = append(side.Weights, int(got[2]))
	}
	if ends.Weights == nil {
		in.Weights, out.Weights = nil, nil
	} else if len(in.Weights) == 0 || len(out.Weights) == 0 {
		// A process without edges still is one of a graph with weights.
		in.Weights, out.Weights = append([]int{}, in.Weights...), append([]int{}, out.Weights...)
	}
	return in, out, nil
}

// deal gives each process its numbers and returns ours, by rank of who gave them.
func (c *Comm) deal(to [][]int64) ([]int64, error) {
	counts, displs, all := make([]int64, len(to)), make([]int64, len(to)), []int64{}
	for r, numbers := range to {
		counts[r], displs[r] = int64(len(numbers)), int64(len(all))
		all = append(all, numbers...)
	}
	theirs, at, total := make([]int64, len(to)), make([]int64, len(to)), int64(0)
	if err := Alltoall(c, counts, theirs); err != nil {
		return nil, err
	}
	for r, n := range theirs {
		at[r] = total
		total += n
	}
	got := make([]int64, total)
	long := DatatypeOf[int64]()
	return got, c.Alltoallv(BufferV{Slice(all).Addr, counts, displs, long}, BufferV{Slice(got).Addr, theirs, at, long})
}

// DistGraphNeighbors are this process's neighbours
// (MPI_Dist_graph_neighbors).
func (c *Comm) DistGraphNeighbors() (in, out Neighbors, err error) {
	t, err := c.with(DistGraphTopology, "distributed graph")
	if err != nil {
		return in, out, err
	}
	return Neighbors{t.in, t.inWeights}, Neighbors{t.out, t.outWeights}, nil
}
