package coll

import "slices"

// A Comm keeps the schedules of one communicator. It belongs to whoever owns the
// communicator's calls: it has no lock.
type Comm struct {
	group  Group
	choice Choice
	kept   map[Shape][]kept
	steps  int // of all schedules kept
	last   kept
	lastOf Shape
}

// kept is a schedule with the vectors that it was built for.
type kept struct {
	v *Vectors
	s *Schedule
}

// keepSteps bounds what a communicator keeps, in steps of 56 bytes. A program
// that never repeats a shape must not fill the memory.
const keepSteps = 1 << 16

// NewComm returns a Comm without schedules.
func NewComm(g Group, choice Choice) *Comm {
	return &Comm{group: g, choice: choice, kept: map[Shape][]kept{}}
}

// Schedule returns the schedule of a call. v may be nil if the collective has no
// vectors; it is copied if it is kept. A call like one before costs a look-up and
// no memory.
func (c *Comm) Schedule(s Shape, v *Vectors) *Schedule {
	if c.last.s != nil && c.lastOf == s && c.last.v.equal(v) {
		return c.last.s
	}
	for _, k := range c.kept[s] {
		if k.v.equal(v) {
			c.lastOf, c.last = s, k
			return k.s
		}
	}
	k := kept{v: v.clone(), s: Build(c.group, &c.choice, s, v)}
	if c.steps += k.s.Steps() + 1; c.steps > keepSteps {
		clear(c.kept)
		c.steps = k.s.Steps() + 1
	}
	c.kept[s] = append(c.kept[s], k)
	c.lastOf, c.last = s, k
	return k.s
}

// Build returns the schedule of a call: a pure function of its arguments.
func Build(g Group, choice *Choice, s Shape, v *Vectors) *Schedule {
	a := choose(&g, choice, &s, v)
	return a.Build(g, s, v)
}

// Build returns the algorithm's schedule, which must fit the call.
func (a *Algorithm) Build(g Group, s Shape, v *Vectors) *Schedule {
	b := builder{Group: g, sh: &s, v: v, rank: g.Rank, size: g.Size, empty: g.known(&s) && g.bytes(&s, v) == 0}
	a.build(&b)
	made := b.schedule()
	made.Algorithm, made.Sign = a, a.sign(&g, &s, v)
	return made
}

func (v *Vectors) equal(w *Vectors) bool {
	if v == w {
		return true
	}
	if v == nil || w == nil {
		return false
	}
	return slices.Equal(v.SendCounts, w.SendCounts) && slices.Equal(v.SendDispls, w.SendDispls) &&
		slices.Equal(v.RecvCounts, w.RecvCounts) && slices.Equal(v.RecvDispls, w.RecvDispls) &&
		slices.Equal(v.SendTypes, w.SendTypes) && slices.Equal(v.RecvTypes, w.RecvTypes)
}

func (v *Vectors) clone() *Vectors {
	if v == nil {
		return nil
	}
	return &Vectors{
		SendCounts: slices.Clone(v.SendCounts), SendDispls: slices.Clone(v.SendDispls),
		RecvCounts: slices.Clone(v.RecvCounts), RecvDispls: slices.Clone(v.RecvDispls),
		SendTypes: slices.Clone(v.SendTypes), RecvTypes: slices.Clone(v.RecvTypes),
	}
}
