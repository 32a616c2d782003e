package mpi

import "slices"

// A topology is a communicator's virtual topology (MPI 5.0 chapter 8): what its
// processes' neighbours are. It never changes; Dup keeps it.
type topology struct {
	kind int // Cart, Graph or DistGraph

	// The neighbours of this process, in the order of the blocks of neighbourhood
	// collectives. Below zero stands for ProcNull.
	in, out []int

	dims    []int  // Cart
	periods []bool // Cart

	index, edges []int // Graph, as given to GraphCreate

	inWeights, outWeights []int // DistGraph; nil if it has no weights
}

// The kinds of topology (MPI_Topo_test); the values are the standard ABI's.
const (
	CartTopology      = 211
	GraphTopology     = 212
	DistGraphTopology = 213
)

// TopoTest is the kind of c's topology, Undefined if it has none.
func (c *Comm) TopoTest() (int, error) {
	switch err := c.check(); {
	case err != nil:
		return Undefined, err
	case c.topo == nil:
		return Undefined, nil
	}
	return c.topo.kind, nil
}

// with returns c's topology, which must be of that kind.
func (c *Comm) with(kind int, name string) (*topology, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.topo == nil || c.topo.kind != kind {
		return nil, errorf(ErrTopology, "the communicator has no %s topology", name)
	}
	return c.topo, nil
}

// first makes a communicator of c's first n processes; the others get nil.
func (c *Comm) first(n int) (*Comm, error) {
	g, err := c.group.Incl(sequence(n))
	if err != nil {
		return nil, err
	}
	return c.Create(g)
}

// GraphCreate makes a communicator whose process i has the neighbours
// edges[index[i-1]:index[i]], index[-1] being 0 (MPI_Graph_create). Processes from
// len(index) on get nil. Ranks stay as they are, whatever reorder says.
func (c *Comm) GraphCreate(index, edges []int, reorder bool) (*Comm, error) {
	last, err := c.checkGraph(index, edges)
	if err != nil {
		return nil, err
	}
	g, err := c.first(len(index))
	if g == nil || err != nil {
		return nil, err
	}
	g.topo = &topology{kind: GraphTopology, index: slices.Clone(index), edges: slices.Clone(edges[:last])}
	mine := g.topo.ofNode(g.rank)
	g.topo.in, g.topo.out = mine, mine
	return g, nil
}

// checkGraph returns the number of edges.
func (c *Comm) checkGraph(index, edges []int) (last int, err error) {
	if err := c.checkIntra(); err != nil {
		return 0, err
	}
	n := len(index)
	if n > c.Size() {
		return 0, errorf(ErrArg, "a graph of %d nodes on a communicator of %d processes", n, c.Size())
	}
	for i, k := range index {
		if k < last || k > len(edges) {
			return 0, errorf(ErrArg, "index[%d] is %d; it must be in %d to %d", i, k, last, len(edges))
		}
		last = k
	}
	for i, e := range edges[:last] {
		if e < 0 || e >= n {
			return 0, errorf(ErrArg, "edges[%d] is node %d; the graph has nodes 0 to %d", i, e, n-1)
		}
	}
	return last, nil
}

func (t *topology) ofNode(i int) []int {
	from := 0
	if i > 0 {
		from = t.index[i-1]
	}
	return t.edges[from:t.index[i]]
}

// Graph returns what GraphCreate was given (MPI_Graph_get, MPI_Graphdims_get).
func (c *Comm) Graph() (index, edges []int, err error) {
	t, err := c.with(GraphTopology, "graph")
	if err != nil {
		return nil, nil, err
	}
	return t.index, t.edges, nil
}

// GraphNeighbors are the neighbours of a rank (MPI_Graph_neighbors).
func (c *Comm) GraphNeighbors(rank int) ([]int, error) {
	t, err := c.with(GraphTopology, "graph")
	if err != nil {
		return nil, err
	}
	if rank < 0 || rank >= c.Size() {
		return nil, errorf(ErrRank, "rank %d; the communicator has ranks 0 to %d", rank, c.Size()-1)
	}
	return t.ofNode(rank), nil
}

// GraphMap and CartMap are the ranks that this process would get: its own, or
// Undefined beyond the topology (MPI_Graph_map, MPI_Cart_map).
func (c *Comm) GraphMap(index, edges []int) (int, error) {
	if _, err := c.checkGraph(index, edges); err != nil {
		return Undefined, err
	}
	return c.mapped(len(index))
}

func (c *Comm) mapped(n int) (int, error) {
	switch {
	case n > c.Size():
		return Undefined, errorf(ErrArg, "a topology of %d processes on a communicator of %d", n, c.Size())
	case c.rank >= n:
		return Undefined, nil
	}
	return c.rank, nil
}

// NeighborCounts is how many neighbours this process receives from and sends to
// in neighbourhood collectives.
func (c *Comm) NeighborCounts() (in, out int, err error) {
	if err := c.check(); err != nil {
		return 0, 0, err
	}
	if c.topo == nil {
		return 0, 0, errorf(ErrTopology, "the communicator has no topology")
	}
	return len(c.topo.in), len(c.topo.out), nil
}
