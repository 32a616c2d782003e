package main

import "C"

import (
	"rainmpi/cbind/abi"
	"rainmpi/mpi"
)

var groups = table[mpi.Group]{kind: groupKind}

func groupOf(h uintptr) (*mpi.Group, error) {
	if h == abi.MPI_GROUP_EMPTY {
		return mpi.GroupEmpty, nil
	}
	if g := groups.get(h); g != nil {
		return g, nil
	}
	return nil, noObject(mpi.ErrGroup, "group", h)
}

// groupHandle gives out MPI_GROUP_EMPTY for every group without members, as the operations on
// groups must (MPI 5.0, 7.3.2).
func groupHandle(g *mpi.Group) uintptr {
	if g.Size() == 0 {
		return abi.MPI_GROUP_EMPTY
	}
	return groups.add(g)
}

// ints copies the caller's array.
func ints(addr uintptr, n int32) []int {
	out := make([]int, max(n, 0))
	for i, v := range slice[int32](addr, int(n)) {
		out[i] = int(v)
	}
	return out
}

// putInts writes to the caller's array.
func putInts(addr uintptr, values []int) {
	out := slice[int32](addr, len(values))
	for i := range out {
		out[i] = int32(values[i])
	}
}

// counted fails for a negative length, and for a null array that has elements.
func counted(n int32, arrays ...uintptr) error {
	if n < 0 {
		return bad(mpi.ErrArg, "the number of elements of an array is negative")
	}
	if n == 0 {
		return nil
	}
	return need(arrays...)
}

//export rain_Group_size
func rain_Group_size(f, group, size uintptr) int32 {
	g, err := groupOf(group)
	if err == nil {
		err = need(size)
	}
	if err != nil {
		return fail(f, err)
	}
	set(size, int32(g.Size()))
	return 0
}

//export rain_Group_rank
func rain_Group_rank(f, group, rank uintptr) int32 {
	g, err := groupOf(group)
	if err == nil {
		err = need(rank)
	}
	if err != nil {
		return fail(f, err)
	}
	set(rank, int32(g.Rank()))
	return 0
}

//export rain_Group_translate_ranks
func rain_Group_translate_ranks(f, group1 uintptr, n int32, ranks1, group2, ranks2 uintptr) int32 {
	a, err := groupOf(group1)
	if err != nil {
		return fail(f, err)
	}
	b, err := groupOf(group2)
	if err == nil {
		err = counted(n, ranks1, ranks2)
	}
	if err != nil {
		return fail(f, err)
	}
	out, err := a.Translate(ints(ranks1, n), b)
	if err != nil {
		return fail(f, err)
	}
	putInts(ranks2, out)
	return 0
}

//export rain_Group_compare
func rain_Group_compare(f, group1, group2, result uintptr) int32 {
	a, b, err := twoGroups(group1, group2, result)
	if err != nil {
		return fail(f, err)
	}
	set(result, int32(a.Compare(b)))
	return 0
}

func twoGroups(group1, group2, out uintptr) (a, b *mpi.Group, err error) {
	if a, err = groupOf(group1); err != nil {
		return nil, nil, err
	}
	if b, err = groupOf(group2); err != nil {
		return nil, nil, err
	}
	return a, b, need(out)
}

//export rain_Group_union
func rain_Group_union(f, group1, group2, newgroup uintptr) int32 {
	return combine(f, group1, group2, newgroup, (*mpi.Group).Union)
}

//export rain_Group_intersection
func rain_Group_intersection(f, group1, group2, newgroup uintptr) int32 {
	return combine(f, group1, group2, newgroup, (*mpi.Group).Intersection)
}

//export rain_Group_difference
func rain_Group_difference(f, group1, group2, newgroup uintptr) int32 {
	return combine(f, group1, group2, newgroup, (*mpi.Group).Difference)
}

func combine(f, group1, group2, newgroup uintptr, op func(a, b *mpi.Group) *mpi.Group) int32 {
	a, b, err := twoGroups(group1, group2, newgroup)
	if err != nil {
		return fail(f, err)
	}
	set(newgroup, groupHandle(op(a, b)))
	return 0
}

//export rain_Group_incl
func rain_Group_incl(f, group uintptr, n int32, ranks, newgroup uintptr) int32 {
	return choose(f, group, n, ranks, newgroup, (*mpi.Group).Incl)
}

//export rain_Group_excl
func rain_Group_excl(f, group uintptr, n int32, ranks, newgroup uintptr) int32 {
	return choose(f, group, n, ranks, newgroup, (*mpi.Group).Excl)
}

func choose(f, group uintptr, n int32, ranks, newgroup uintptr, op func(*mpi.Group, []int) (*mpi.Group, error)) int32 {
	g, err := groupOf(group)
	if err == nil {
		err = need(newgroup)
	}
	if err == nil {
		err = counted(n, ranks)
	}
	if err != nil {
		return fail(f, err)
	}
	made, err := op(g, ints(ranks, n))
	if err != nil {
		return fail(f, err)
	}
	set(newgroup, groupHandle(made))
	return 0
}

//export rain_Group_range_incl
func rain_Group_range_incl(f, group uintptr, n int32, ranges, newgroup uintptr) int32 {
	return chooseRanges(f, group, n, ranges, newgroup, (*mpi.Group).RangeIncl)
}

//export rain_Group_range_excl
func rain_Group_range_excl(f, group uintptr, n int32, ranges, newgroup uintptr) int32 {
	return chooseRanges(f, group, n, ranges, newgroup, (*mpi.Group).RangeExcl)
}

func chooseRanges(f, group uintptr, n int32, ranges, newgroup uintptr, op func(*mpi.Group, []mpi.Range) (*mpi.Group, error)) int32 {
	g, err := groupOf(group)
	if err == nil {
		err = need(newgroup)
	}
	if err == nil {
		err = counted(n, ranges)
	}
	if err != nil {
		return fail(f, err)
	}
	var list []mpi.Range
	for _, t := range slice[[3]int32](ranges, int(n)) {
		list = append(list, mpi.Range{First: int(t[0]), Last: int(t[1]), Stride: int(t[2])})
	}
	made, err := op(g, list)
	if err != nil {
		return fail(f, err)
	}
	set(newgroup, groupHandle(made))
	return 0
}

//export rain_Group_free
func rain_Group_free(f, group uintptr) int32 {
	if err := need(group); err != nil {
		return fail(f, err)
	}
	h := *at[uintptr](group)
	// MPI_GROUP_EMPTY may be freed like any handle that a call returned (MPI 5.0, 7.3.2).
	if h != abi.MPI_GROUP_EMPTY && groups.remove(h) == nil {
		return fail(f, noObject(mpi.ErrGroup, "group", h))
	}
	set(group, abi.MPI_GROUP_NULL)
	return 0
}
