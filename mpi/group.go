package mpi

import (
	"slices"
)

// A Group is an ordered set of processes (MPI 5.0 section 7.3). Groups are
// values: no operation changes one.
type Group struct {
	ranks []int32 // world ranks, by rank in the group
	rank  int     // of this process, Undefined if it is no member
	e     *engine

	session *Session // that it was derived from; nil: of the world model
}

// GroupEmpty is the group without members (MPI_GROUP_EMPTY).
var GroupEmpty = &Group{rank: Undefined}

func (e *engine) group(ranks []int32) *Group {
	g := &Group{ranks: ranks, rank: Undefined, e: e}
	if e != nil {
		if i := slices.Index(ranks, int32(e.rank)); i >= 0 {
			g.rank = i
		}
	}
	return g
}

// Size is the number of processes.
func (g *Group) Size() int { return len(g.ranks) }

// Rank is this process's rank in the group, Undefined if it is no member.
func (g *Group) Rank() int { return g.rank }

// The results of comparing groups and communicators (MPI 5.0 section 7.3.1).
const (
	Ident     = 201 // the same object, or the same members in the same order
	Congruent = 202 // communicators: the same groups, another context
	Similar   = 203 // the same members in another order
	Unequal   = 204
)

// Compare returns Ident, Similar or Unequal.
func (g *Group) Compare(o *Group) int {
	if slices.Equal(g.ranks, o.ranks) {
		return Ident
	}
	a, b := slices.Clone(g.ranks), slices.Clone(o.ranks)
	slices.Sort(a)
	slices.Sort(b)
	if slices.Equal(a, b) {
		return Similar
	}
	return Unequal
}

// Translate gives for each rank in g the rank of the same process in o,
// Undefined where it is no member. ProcNull stays ProcNull.
func (g *Group) Translate(ranks []int, o *Group) ([]int, error) {
	at := make(map[int32]int, len(o.ranks))
	for i, w := range o.ranks {
		at[w] = i
	}
	out := make([]int, len(ranks))
	for i, r := range ranks {
		if r == ProcNull {
			out[i] = ProcNull
			continue
		}
		if r < 0 || r >= len(g.ranks) {
			return nil, errorf(ErrRank, "rank %d to translate; the group has ranks 0 to %d", r, len(g.ranks)-1)
		}
		k, ok := at[g.ranks[r]]
		if !ok {
			k = Undefined
		}
		out[i] = k
	}
	return out, nil
}

// Union has all of g in its order, then those of o that are not in g.
func (g *Group) Union(o *Group) *Group {
	ranks := slices.Clone(g.ranks)
	for _, w := range o.ranks {
		if !slices.Contains(g.ranks, w) {
			ranks = append(ranks, w)
		}
	}
	return g.with(o, ranks)
}

// Intersection has those of g that are in o, in g's order.
func (g *Group) Intersection(o *Group) *Group {
	return g.with(o, g.filtered(func(w int32) bool { return slices.Contains(o.ranks, w) }))
}

// Difference has those of g that are not in o, in g's order.
func (g *Group) Difference(o *Group) *Group {
	return g.with(o, g.filtered(func(w int32) bool { return !slices.Contains(o.ranks, w) }))
}

func (g *Group) filtered(keep func(int32) bool) []int32 {
	var ranks []int32
	for _, w := range g.ranks {
		if keep(w) {
			ranks = append(ranks, w)
		}
	}
	return ranks
}

func (g *Group) with(o *Group, ranks []int32) *Group {
	if g.e == nil && o != nil {
		g = o
	}
	made := g.e.group(ranks)
	made.session = g.session
	return made
}

// Incl is the group of g's processes with the given ranks, in that order.
func (g *Group) Incl(ranks []int) (*Group, error) {
	out := make([]int32, len(ranks))
	for i, r := range ranks {
		if r < 0 || r >= len(g.ranks) {
			return nil, errorf(ErrRank, "rank %d to include; the group has ranks 0 to %d", r, len(g.ranks)-1)
		}
		if slices.Index(ranks, r) != i {
			return nil, errorf(ErrRank, "rank %d is included twice", r)
		}
		out[i] = g.ranks[r]
	}
	return g.with(nil, out), nil
}

// Excl is g without the processes of the given ranks.
func (g *Group) Excl(ranks []int) (*Group, error) {
	out := []int32{}
	for i, r := range ranks {
		if r < 0 || r >= len(g.ranks) {
			return nil, errorf(ErrRank, "rank %d to exclude; the group has ranks 0 to %d", r, len(g.ranks)-1)
		}
		if slices.Index(ranks, r) != i {
			return nil, errorf(ErrRank, "rank %d is excluded twice", r)
		}
	}
	for r, w := range g.ranks {
		if !slices.Contains(ranks, r) {
			out = append(out, w)
		}
	}
	return g.with(nil, out), nil
}

// A Range is the ranks First, First+Stride, … up to Last.
type Range struct{ First, Last, Stride int }

// RangeIncl and RangeExcl are Incl and Excl of the ranks of ranges.
func (g *Group) RangeIncl(ranges []Range) (*Group, error) {
	ranks, err := expand(ranges)
	if err != nil {
		return nil, err
	}
	return g.Incl(ranks)
}

func (g *Group) RangeExcl(ranges []Range) (*Group, error) {
	ranks, err := expand(ranges)
	if err != nil {
		return nil, err
	}
	return g.Excl(ranks)
}

func expand(ranges []Range) ([]int, error) {
	var ranks []int
	for _, t := range ranges {
		if t.Stride == 0 {
			return nil, errorf(ErrArg, "the range from %d to %d has stride 0", t.First, t.Last)
		}
		for r := t.First; t.Stride > 0 && r <= t.Last || t.Stride < 0 && r >= t.Last; r += t.Stride {
			ranks = append(ranks, r)
		}
	}
	return ranks, nil
}
