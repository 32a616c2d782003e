package coll

// Coll is a collective operation.
type Coll uint8

const (
	Barrier Coll = iota
	Bcast
	Gather
	Gatherv
	Scatter
	Scatterv
	Allgather
	Allgatherv
	Alltoall
	Alltoallv
	Alltoallw
	Reduce
	Allreduce
	ReduceScatter
	ReduceScatterBlock
	Scan
	Exscan
	NeighborAllgather
	NeighborAllgatherv
	NeighborAlltoall
	NeighborAlltoallv
	NeighborAlltoallw
	numColl
)

// collNames are the names of RAIN_COLL: MPI's, in lower case.
var collNames = [numColl]string{
	"barrier", "bcast", "gather", "gatherv", "scatter", "scatterv", "allgather", "allgatherv",
	"alltoall", "alltoallv", "alltoallw", "reduce", "allreduce", "reduce_scatter",
	"reduce_scatter_block", "scan", "exscan", "neighbor_allgather", "neighbor_allgatherv",
	"neighbor_alltoall", "neighbor_alltoallv", "neighbor_alltoallw",
}

// String returns MPI's name of the operation, in lower case.
func (c Coll) String() string { return collNames[c] }

// A Shape is what the schedule of a call depends on, the vectors of the v and w
// variants excepted. It is comparable: it is the key of the schedules that a
// communicator keeps.
//
// Which fields count follows MPI's argument lists. Bcast and the barrier's one
// buffer is the receive buffer. Reductions use Recv and RecvCount for both their
// buffers (MPI gives them one datatype and one count), at every rank, whether the
// receive buffer is significant there or not; reduce_scatter_block's RecvCount is
// that of a block.
type Shape struct {
	Coll        Coll
	InPlace     bool // MPI_IN_PLACE: in scatter(v), for the root's receive buffer
	Commutative bool // of the reduction's operation
	Root        int
	SendCount   int64
	RecvCount   int64
	Send, Recv  Layout
}

// Vectors are the counts and displacements of the v and w variants, as the call
// gives them: displacements in extents, or in bytes for alltoallw. Only w uses
// the types. Reduce_scatter uses RecvCounts. What a call does not name is nil.
type Vectors struct {
	SendCounts, SendDispls []int64
	RecvCounts, RecvDispls []int64
	SendTypes, RecvTypes   []Layout
}

// Group is what the schedules of a communicator share.
type Group struct {
	Rank, Size int

	// HostOf names the host of each rank by any number; nil if nothing is known.
	// With it, algorithms can gather on each host before they leave it.
	HostOf []int

	// In and Out are the neighbours of a process topology, in the order of
	// MPI_Dist_graph_neighbors; below zero stands for MPI_PROC_NULL. Cart says that
	// they are the pairs of a Cartesian topology.
	In, Out []int
	Cart    bool

	// Remote is the size of the other group if the communicator has two.
	Remote int
}
