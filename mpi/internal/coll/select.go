package coll

import "math"

// An Algorithm builds one rank's schedule of a collective.
type Algorithm struct {
	Coll Coll
	Name string // in RAIN_COLL

	build func(*builder)
	// fits reports whether the algorithm can do the call at all; nil: always. It
	// must give the same answer at every rank.
	fits func(*Group, *Shape) bool
}

// algorithms are all there are. The first of each collective can do every call.
var algorithms = []Algorithm{
	{Barrier, "dissemination", barrierDissemination, nil},
	{Barrier, "hierarchical", barrierHosts, severalHosts},

	{Bcast, "binomial", bcastBinomial, nil},
	{Bcast, "scatter_allgather", bcastScatterAllgather, nil},
	{Bcast, "chain", bcastChain, nil},
	{Bcast, "hierarchical", bcastHosts, severalHosts},

	{Gather, "linear", gatherLinear, nil},
	{Gather, "binomial", gatherBinomial, nil},
	{Gatherv, "linear", gatherLinear, nil},
	{Scatter, "linear", scatterLinear, nil},
	{Scatter, "binomial", scatterBinomial, nil},
	{Scatterv, "linear", scatterLinear, nil},

	{Allgather, "ring", allgatherRing, nil},
	{Allgather, "bruck", allgatherBruck, nil},
	{Allgather, "recursive_doubling", allgatherDoubling, powerOfTwo},
	{Allgatherv, "ring", allgatherRing, nil},
	{Allgatherv, "bruck", allgatherBruck, nil},

	{Alltoall, "pairwise", alltoallPairwise, nil},
	{Alltoall, "linear", alltoallLinear, nil},
	{Alltoall, "bruck", alltoallBruck, nil},
	{Alltoallv, "pairwise", alltoallPairwise, nil},
	{Alltoallv, "linear", alltoallLinear, nil},
	{Alltoallw, "pairwise", alltoallPairwise, nil},
	{Alltoallw, "linear", alltoallLinear, nil},

	{Reduce, "binomial", reduceBinomial, nil},
	{Reduce, "reduce_scatter_gather", reduceScatterGather, nil},
	{Reduce, "hierarchical", reduceHosts, reducibleHosts},

	{Allreduce, "recursive_doubling", allreduceDoubling, nil},
	{Allreduce, "reduce_scatter_allgather", allreduceScatterAllgather, nil},
	{Allreduce, "ring", allreduceRing, commutative},
	{Allreduce, "hierarchical", allreduceHosts, reducibleHosts},

	{ReduceScatter, "pairwise", reduceScatterPairwise, nil},
	{ReduceScatter, "recursive_halving", reduceScatterHalving, commutative},
	{ReduceScatterBlock, "pairwise", reduceScatterPairwise, nil},
	{ReduceScatterBlock, "recursive_halving", reduceScatterHalving, commutative},

	{Scan, "recursive_doubling", scanDoubling, nil},
	{Exscan, "recursive_doubling", scanDoubling, nil},

	{NeighborAllgather, "linear", neighborLinear, nil},
	{NeighborAllgatherv, "linear", neighborLinear, nil},
	{NeighborAlltoall, "linear", neighborLinear, nil},
	{NeighborAlltoallv, "linear", neighborLinear, nil},
	{NeighborAlltoallw, "linear", neighborLinear, nil},
}

func powerOfTwo(g *Group, _ *Shape) bool { return g.Size&(g.Size-1) == 0 }

func commutative(_ *Group, s *Shape) bool { return s.Commutative }

// A row of the table: calls of a collective up to so many bytes and so many ranks
// take this algorithm, if it fits. The first row that applies counts; all numbers
// are the same at every rank, because the rows look only at what MPI requires to
// be.
type row struct {
	coll      Coll
	bytes     int64 // see Group.bytes
	ranks     int
	algorithm string
	why       string
}

const any64 = math.MaxInt64
const anyRanks = math.MaxInt

// table says which algorithm a call takes.
//
// "model" rows follow from the costs in the headers with α = 20 µs, β = 1/(125
// MB/s), γ = 1/(4 GB/s): UDP between hosts on 1 Gbit/s rails. "literature" rows
// are the thresholds of Thakur, Rabenseifner and Gropp (2005), measured there.
var table = []row{
	{Barrier, any64, anyRanks, "hierarchical", "model: ⌈log hosts⌉ instead of ⌈log p⌉ messages that leave the host"},
	{Barrier, any64, anyRanks, "dissemination", "the only one left"},

	{Bcast, 64 << 10, anyRanks, "hierarchical", "model: ⌈log hosts⌉ copies leave each host"},
	{Bcast, 12 << 10, anyRanks, "binomial", "literature: below 12 KiB latency decides"},
	{Bcast, any64, 7, "binomial", "literature: below 8 ranks a scatter gains nothing"},
	{Bcast, 512 << 10, anyRanks, "scatter_allgather", "literature: 2nβ instead of log p nβ"},
	{Bcast, any64, 16, "chain", "model: nβ once the segments fill the chain"},
	{Bcast, any64, anyRanks, "scatter_allgather", "literature"},

	{Gather, 32 << 10, anyRanks, "binomial", "model: the root's (p-1)α outweighs the copies"},
	{Gather, any64, anyRanks, "linear", "model: every byte moves once"},
	{Gatherv, any64, anyRanks, "linear", "only the root knows the counts"},
	{Scatter, 32 << 10, anyRanks, "binomial", "model, as gather"},
	{Scatter, any64, anyRanks, "linear", "model, as gather"},
	{Scatterv, any64, anyRanks, "linear", "only the root knows the counts"},

	{Allgather, 512 << 10, anyRanks, "recursive_doubling", "literature: below 512 KiB in all, if p is a power of two"},
	{Allgather, 80 << 10, anyRanks, "bruck", "literature: below 80 KiB in all"},
	{Allgather, any64, anyRanks, "ring", "literature: neighbours only"},
	{Allgatherv, 80 << 10, anyRanks, "bruck", "literature"},
	{Allgatherv, any64, anyRanks, "ring", "literature"},

	{Alltoall, 256, 7, "linear", "model: few messages, all at once"},
	{Alltoall, 256, anyRanks, "bruck", "literature: blocks up to 256 bytes, 8 ranks and more"},
	{Alltoall, 32 << 10, anyRanks, "linear", "literature: blocks up to 32 KiB, many at once"},
	{Alltoall, any64, anyRanks, "pairwise", "literature: long blocks"},
	{Alltoallv, any64, anyRanks, "linear", "blocks are not known everywhere: bounded windows do for all"},
	{Alltoallw, any64, anyRanks, "linear", "as alltoallv"},

	{Reduce, 2 << 10, anyRanks, "hierarchical", "model: ⌈log hosts⌉ messages between hosts"},
	{Reduce, 2 << 10, anyRanks, "binomial", "literature: below 2 KiB"},
	{Reduce, any64, 3, "binomial", "model: a reduce-scatter of two or three ranks gains nothing"},
	{Reduce, any64, anyRanks, "reduce_scatter_gather", "literature"},

	{Allreduce, 2 << 10, anyRanks, "hierarchical", "model: ⌈log hosts⌉ rounds between hosts"},
	{Allreduce, 2 << 10, anyRanks, "recursive_doubling", "literature: below 2 KiB"},
	{Allreduce, any64, 2, "recursive_doubling", "model: below 64 KiB one message instead of two"},
	{Allreduce, 512 << 10, anyRanks, "reduce_scatter_allgather", "literature"},
	{Allreduce, any64, 16, "ring", "model: the least traffic, and never the whole vector on a rank that stands aside"},
	{Allreduce, any64, anyRanks, "reduce_scatter_allgather", "literature"},

	{ReduceScatter, 512 << 10, anyRanks, "recursive_halving", "literature"},
	{ReduceScatter, any64, anyRanks, "pairwise", "literature"},
	{ReduceScatterBlock, 512 << 10, anyRanks, "recursive_halving", "literature"},
	{ReduceScatterBlock, any64, anyRanks, "pairwise", "literature"},

	{Scan, any64, anyRanks, "recursive_doubling", "the only one"},
	{Exscan, any64, anyRanks, "recursive_doubling", "the only one"},

	{NeighborAllgather, any64, anyRanks, "linear", "the only one"},
	{NeighborAllgatherv, any64, anyRanks, "linear", "the only one"},
	{NeighborAlltoall, any64, anyRanks, "linear", "the only one"},
	{NeighborAlltoallv, any64, anyRanks, "linear", "the only one"},
	{NeighborAlltoallw, any64, anyRanks, "linear", "the only one"},
}

// bytes is the amount by which the table chooses: of a reduction or a bcast the
// vector, of an allgather all blocks together, of the others one block. It is the
// same at every rank, or zero where MPI does not give that to all.
func (g *Group) bytes(s *Shape, v *Vectors) int64 {
	send, recv := s.SendCount*s.Send.Size, s.RecvCount*s.Recv.Size
	switch s.Coll {
	case Bcast, Reduce, Allreduce, Scan, Exscan:
		return recv
	case ReduceScatterBlock, Allgather:
		return recv * int64(g.Size)
	case Alltoall:
		return recv
	case Gather:
		if g.Rank == s.Root {
			return recv
		}
		return send
	case Scatter:
		if g.Rank == s.Root {
			return send
		}
		return recv
	case ReduceScatter, Allgatherv:
		var n int64
		for _, c := range v.RecvCounts {
			n += c
		}
		return n * s.Recv.Size
	}
	return 0
}

// find returns the algorithm of a name.
func find(c Coll, name string) *Algorithm {
	for i := range algorithms {
		if algorithms[i].Coll == c && algorithms[i].Name == name {
			return &algorithms[i]
		}
	}
	return nil
}

func (a *Algorithm) can(g *Group, s *Shape) bool { return a.fits == nil || a.fits(g, s) }

// choose returns the algorithm of a call: the forced one if it fits, else the
// table's.
func choose(g *Group, forced *Choice, s *Shape, v *Vectors) *Algorithm {
	if g.Remote > 0 {
		return &interAlgorithms[s.Coll]
	}
	if a := forced[s.Coll]; a != nil && a.can(g, s) {
		return a
	}
	n := g.bytes(s, v)
	for i := range table {
		r := &table[i]
		if r.coll != s.Coll || n > r.bytes || g.Size > r.ranks {
			continue
		}
		if a := find(r.coll, r.algorithm); a.can(g, s) {
			return a
		}
	}
	panic("coll: the table has no row for " + s.Coll.String())
}
