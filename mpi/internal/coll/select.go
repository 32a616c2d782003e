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

// table says which algorithm a call takes. A row names what put it there: medians in
// µs of rainbench algorithms, the chosen algorithm's first, on two processors, of
//
//	1×2, 1×4   2, 4 ranks on one host
//	2×2, 4×2   2 ranks on each of 2, 4 lab hosts, two rails of 1 Gbit/s
//
//	rainbench algorithms -n 4 --runs 5
//	rainbench algorithms -n 8 --lab --hosts 4 --rate 1gbit
//
// Rows for more ranks than that have not been measured, and say so; they follow from
// the costs in the headers of the algorithms.
var table = []row{
	{Barrier, any64, anyRanks, "hierarchical", "2×2: 116, dissemination 135; 4×2: 549, 610"},
	{Barrier, any64, anyRanks, "dissemination", "one host: the only one left"},

	{Bcast, any64, anyRanks, "hierarchical", "8 B 2×2: 21, binomial 45; 64 KiB 4×2: 1742, 1760, scatter 1900; 512 KiB 4×2: 7105, 7262, 9788"},
	{Bcast, any64, 3, "binomial", "64 KiB 1×2: 10, scatter 23; 1 MiB 1×2: 132, 197"},
	{Bcast, 16 << 10, anyRanks, "binomial", "1 KiB 1×4: 2.4, scatter 25; 8 KiB 1×4: 6.3, 28"},
	{Bcast, any64, anyRanks, "scatter_allgather", "64 KiB 1×4: 51, binomial 68; 512 KiB 1×4: 264, 379"},

	{Gather, any64, 16, "linear", "1 KiB 4×2: 191, binomial 423; 64 KiB 4×2: 2134, 4347; 8 KiB 1×4: 7.4, 14.9"},
	{Gather, 512, anyRanks, "binomial", "not measured: the root's p messages outweigh the copies"},
	{Gather, any64, anyRanks, "linear", "every byte moves once"},
	{Gatherv, any64, anyRanks, "linear", "only the root knows the counts"},
	{Scatter, any64, 16, "linear", "1 KiB 4×2: 208, binomial 301; 64 KiB 4×2: 3096, 6176; 8 KiB 1×4: 7.1, 8.0"},
	{Scatter, 512, anyRanks, "binomial", "not measured, as gather; 8 B 4×2: 601, linear 989"},
	{Scatter, any64, anyRanks, "linear", "every byte moves once"},
	{Scatterv, any64, anyRanks, "linear", "only the root knows the counts"},

	{Allgather, 16 << 10, anyRanks, "recursive_doubling", "8 B each 2×2: 99, bruck 203, ring 275; 1 KiB each 2×2: 92, 194, 152"},
	{Allgather, 16 << 10, anyRanks, "bruck", "8 B each 2×2: 203, ring 275; 1 KiB each 1×4: 16, 25"},
	{Allgather, any64, anyRanks, "ring", "8 KiB each 4×2: 1157, doubling 1842, bruck 2227; 512 KiB each 2×2: 9557, 13540, 19750"},
	{Allgatherv, 16 << 10, anyRanks, "bruck", "as allgather"},
	{Allgatherv, any64, anyRanks, "ring", "as allgather"},

	{Alltoall, 256, 7, "linear", "8 B 2×2: 203, bruck 219, pairwise 278"},
	{Alltoall, 256, anyRanks, "bruck", "8 B 4×2: 1076, linear 1280, pairwise 2317"},
	{Alltoall, 128 << 10, anyRanks, "linear", "1 KiB 2×2: 141, pairwise 221; 8 KiB 1×4: 17, 34; 64 KiB 1×4: 90, 118, 4×2: 18430, 17320"},
	{Alltoall, any64, anyRanks, "pairwise", "512 KiB 1×4: 823, linear 1079; 4×2: 142500, 172000; 2×2: 16140, 12700"},
	{Alltoallv, any64, anyRanks, "linear", "blocks are not known everywhere: bounded windows do for all"},
	{Alltoallw, any64, anyRanks, "linear", "as alltoallv"},

	{Reduce, 64 << 10, anyRanks, "hierarchical", "1 KiB 2×2: 66, binomial 141; 8 KiB 4×2: 308, 844; 64 KiB 2×2: 336, scatter 427, binomial 571"},
	{Reduce, 256 << 10, anyRanks, "binomial", "8 KiB 1×4: 12, scatter 24; 64 KiB 1×4: 47, 68"},
	{Reduce, any64, 3, "binomial", "1 MiB 1×2: 183, scatter 1044"},
	{Reduce, any64, anyRanks, "reduce_scatter_gather", "512 KiB 2×2: 3547, hierarchical 4222, binomial 5944; 4×2: 11460, 12240, 18540"},

	{Allreduce, 8 << 10, anyRanks, "hierarchical", "8 B 2×2: 99, doubling 135; 8 KiB 2×2: 122, 142; 4×2: 675, 781"},
	{Allreduce, 128 << 10, 2, "recursive_doubling", "64 KiB 1×2: 17, scatter 20"},
	{Allreduce, 16 << 10, anyRanks, "recursive_doubling", "1 KiB 1×4: 19, scatter 59; 8 KiB 1×4: 25, 42"},
	{Allreduce, any64, anyRanks, "reduce_scatter_allgather", "64 KiB 4×2: 1858, ring 2131, doubling 3391; 512 KiB 4×2: 9763, 15030, 25070; 1 MiB 1×2: 189, 191, 349"},

	{ReduceScatter, any64, anyRanks, "recursive_halving", "as reduce_scatter_block"},
	{ReduceScatter, any64, anyRanks, "pairwise", "what does not commute"},
	{ReduceScatterBlock, any64, anyRanks, "recursive_halving", "8 B 2×2: 93, pairwise 425; 8 KiB 4×2: 2454, 5196; 512 KiB 4×2: 134200, 202200"},
	{ReduceScatterBlock, any64, anyRanks, "pairwise", "what does not commute"},

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
