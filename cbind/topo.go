package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

// Virtual topologies (MPI 5.0, chapter 8): what they have in common, and graphs.

//export rain_Topo_test
func rain_Topo_test(f, h, status uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(status)
	}
	if err != nil {
		return fail(f, err)
	}
	kind, err := c.c.TopoTest()
	if err != nil {
		return fail(f, err)
	}
	set(status, int32(kind))
	return 0
}

//export rain_Graph_create
func rain_Graph_create(f, h uintptr, nnodes int32, index, edges uintptr, reorder int32, newcomm uintptr) int32 {
	i, e, err := graph(nnodes, index, edges)
	if err != nil {
		return fail(f, err)
	}
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) { return c.c.GraphCreate(i, e, reorder != 0) })
}

// graph is the caller's graph; the last index says how many edges there are.
func graph(nnodes int32, index, edges uintptr) (i, e []int, err error) {
	if err := counted(nnodes, index); err != nil {
		return nil, nil, err
	}
	i = ints(index, nnodes)
	if len(i) > 0 {
		n := int32(max(i[len(i)-1], 0)) // a negative index is found with the rest
		if err := counted(n, edges); err != nil {
			return nil, nil, err
		}
		e = ints(edges, n)
	}
	return i, e, nil
}

//export rain_Graph_map
func rain_Graph_map(f, h uintptr, nnodes int32, index, edges, newrank uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(newrank)
	}
	if err != nil {
		return fail(f, err)
	}
	i, e, err := graph(nnodes, index, edges)
	if err != nil {
		return fail(f, err)
	}
	rank, err := c.c.GraphMap(i, e)
	if err != nil {
		return fail(f, err)
	}
	set(newrank, int32(rank))
	return 0
}

//export rain_Graphdims_get
func rain_Graphdims_get(f, h, nnodes, nedges uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(nnodes, nedges)
	}
	if err != nil {
		return fail(f, err)
	}
	i, e, err := c.c.Graph()
	if err != nil {
		return fail(f, err)
	}
	set(nnodes, int32(len(i)))
	set(nedges, int32(len(e)))
	return 0
}

//export rain_Graph_get
func rain_Graph_get(f, h uintptr, maxindex, maxedges int32, index, edges uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	i, e, err := c.c.Graph()
	if err == nil {
		err = lengths(maxindex, maxedges)
	}
	if err != nil {
		return fail(f, err)
	}
	putInts(index, first(i, maxindex))
	putInts(edges, first(e, maxedges))
	return 0
}

// lengths fails if the caller's arrays have negative lengths.
func lengths(ns ...int32) error {
	for _, n := range ns {
		if n < 0 {
			return bad(mpi.ErrArg, "the length of an array is negative")
		}
	}
	return nil
}

// first is what fits into an array of n elements.
func first(values []int, n int32) []int { return values[:min(len(values), int(n))] }

//export rain_Graph_neighbors_count
func rain_Graph_neighbors_count(f, h uintptr, rank int32, nneighbors uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(nneighbors)
	}
	if err != nil {
		return fail(f, err)
	}
	n, err := c.c.GraphNeighbors(int(rank))
	if err != nil {
		return fail(f, err)
	}
	set(nneighbors, int32(len(n)))
	return 0
}

//export rain_Graph_neighbors
func rain_Graph_neighbors(f, h uintptr, rank, maxneighbors int32, neighbors uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	n, err := c.c.GraphNeighbors(int(rank))
	if err == nil {
		err = lengths(maxneighbors)
	}
	if err != nil {
		return fail(f, err)
	}
	putInts(neighbors, first(n, maxneighbors))
	return 0
}

// neighbors is the caller's list of neighbours with their weights.
func neighbors(n int32, ranks, weights uintptr) (mpi.Neighbors, error) {
	if err := counted(n, ranks); err != nil {
		return mpi.Neighbors{}, err
	}
	w, err := weightsOf(n, weights)
	return mpi.Neighbors{Ranks: ints(ranks, n), Weights: w}, err
}

func weightsOf(n int32, weights uintptr) ([]int, error) {
	switch weights {
	case abi.MPI_UNWEIGHTED:
		return nil, nil
	case abi.MPI_WEIGHTS_EMPTY:
		return []int{}, counted(n, 0)
	}
	if err := counted(n, weights); err != nil {
		return nil, err
	}
	return ints(weights, n), nil
}

//export rain_Dist_graph_create_adjacent
func rain_Dist_graph_create_adjacent(f, h uintptr, indegree int32, sources, sourceWeights uintptr, outdegree int32, destinations, destWeights, info uintptr, reorder int32, newcomm uintptr) int32 {
	in, err := neighbors(indegree, sources, sourceWeights)
	if err != nil {
		return fail(f, err)
	}
	out, err := neighbors(outdegree, destinations, destWeights)
	if err == nil {
		_, err = optionalInfo(info)
	}
	if err != nil {
		return fail(f, err)
	}
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		return c.c.DistGraphCreateAdjacent(in, out, reorder != 0)
	})
}

//export rain_Dist_graph_create
func rain_Dist_graph_create(f, h uintptr, n int32, sources, degrees, destinations, weights, info uintptr, reorder int32, newcomm uintptr) int32 {
	err := counted(n, sources, degrees)
	if err == nil {
		_, err = optionalInfo(info)
	}
	if err != nil {
		return fail(f, err)
	}
	d, edges := ints(degrees, n), int32(0)
	for _, k := range d {
		edges += int32(max(k, 0))
	}
	w, err := weightsOf(edges, weights)
	if err == nil {
		err = counted(edges, destinations)
	}
	if err != nil {
		return fail(f, err)
	}
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		return c.c.DistGraphCreate(ints(sources, n), d, ints(destinations, edges), w, reorder != 0)
	})
}

//export rain_Dist_graph_neighbors_count
func rain_Dist_graph_neighbors_count(f, h, indegree, outdegree, weighted uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(indegree, outdegree, weighted)
	}
	if err != nil {
		return fail(f, err)
	}
	in, out, err := c.c.DistGraphNeighbors()
	if err != nil {
		return fail(f, err)
	}
	set(indegree, int32(len(in.Ranks)))
	set(outdegree, int32(len(out.Ranks)))
	set(weighted, truth(in.Weights != nil || out.Weights != nil))
	return 0
}

//export rain_Dist_graph_neighbors
func rain_Dist_graph_neighbors(f, h uintptr, maxindegree int32, sources, sourceWeights uintptr, maxoutdegree int32, destinations, destWeights uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	in, out, err := c.c.DistGraphNeighbors()
	if err == nil {
		err = lengths(maxindegree, maxoutdegree)
	}
	if err != nil {
		return fail(f, err)
	}
	putInts(sources, first(in.Ranks, maxindegree))
	putInts(destinations, first(out.Ranks, maxoutdegree))
	putWeights(sourceWeights, first(in.Weights, maxindegree))
	putWeights(destWeights, first(out.Weights, maxoutdegree))
	return 0
}

// putWeights leaves the sentinels alone: a graph without weights may be asked for them so.
func putWeights(addr uintptr, weights []int) {
	if addr != abi.MPI_UNWEIGHTED && addr != abi.MPI_WEIGHTS_EMPTY {
		putInts(addr, weights)
	}
}
