package coll

import (
	"fmt"
	"strings"
	"testing"
)

// TestTable: every row names an algorithm, the first algorithm of a collective and
// its last row do every call, and each row is the choice for some call.
func TestTable(t *testing.T) {
	taken := map[int]bool{}
	for _, hosts := range [][]int{nil, {0, 0, 1, 1}} {
		for c := range numColl {
			for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 64, 1000} {
				g := Group{Size: size}
				for i := 0; hosts != nil && i < size; i++ {
					g.HostOf = append(g.HostOf, i/2)
				}
				for n := int64(1); n < 1<<26; n *= 2 {
					for _, commute := range []bool{true, false} {
						s := Shape{Coll: c, Commutative: commute, SendCount: n, RecvCount: n, Send: bytesLayout, Recv: bytesLayout}
						v := &Vectors{RecvCounts: []int64{n}}
						a := choose(&g, new(Choice), &s, v)
						if a.Coll != c || !a.can(&g, &s) {
							t.Fatalf("%v of %d bytes and %d ranks takes %v's %s", c, n, size, a.Coll, a.Name)
						}
						taken[rowOf(t, &g, &s, v)] = true
					}
				}
			}
		}
	}
	for i, r := range table {
		if find(r.coll, r.algorithm) == nil {
			t.Errorf("row %d: %v has no algorithm %q", i, r.coll, r.algorithm)
		}
		if !taken[i] {
			t.Errorf("row %d, %v up to %d bytes and %d ranks, is never taken", i, r.coll, r.bytes, r.ranks)
		}
		if r.why == "" {
			t.Errorf("row %d gives no reason", i)
		}
	}
}

// rowOf returns the row that choose takes.
func rowOf(t *testing.T, g *Group, s *Shape, v *Vectors) int {
	for i, r := range table {
		if r.coll == s.Coll && g.bytes(s, v) <= r.bytes && g.Size <= r.ranks && find(r.coll, r.algorithm).can(g, s) {
			return i
		}
	}
	t.Fatal("no row for ", s.Coll)
	return 0
}

// TestSameEverywhere: what MPI lets differ between ranks must not change the
// choice, nor the sign that messages carry.
func TestSameEverywhere(t *testing.T) {
	for c := range numColl {
		for _, n := range []int64{1, 100, 10000, 1 << 20} {
			var names []string
			for rank := range 4 {
				s := Shape{Coll: c, Root: 2, Commutative: true, InPlace: rank == 2}
				s.SendCount, s.Send = n, bytesLayout
				s.RecvCount, s.Recv = n, bytesLayout
				if rank%2 == 1 { // the same bytes by another datatype
					s.RecvCount, s.Recv = 1, Layout{Size: n, Extent: 3 * n, TrueUB: 2 * n}
				}
				switch { // arguments that are not significant
				case c == Gather && rank != s.Root:
					s.RecvCount, s.Recv = 77, Layout{}
				case c == Scatter && rank != s.Root:
					s.SendCount, s.Send = 77, Layout{}
				}
				v := &Vectors{RecvCounts: []int64{s.RecvCount, s.RecvCount}}
				g := &Group{Rank: rank, Size: 4, HostOf: []int{0, 0, 1, 1}}
				a := choose(g, new(Choice), &s, v)
				names = append(names, fmt.Sprint(a.Name, " ", a.sign(g, &s, v)))
			}
			for _, name := range names {
				if name != names[0] {
					t.Errorf("%v of %d bytes: %v", c, n, names)
					break
				}
			}
		}
	}
}

// TestSigns: calls that differ in one thing have different signs, none of which means something else.
func TestSigns(t *testing.T) {
	g := &Group{Size: 64}
	sign := func(a *Algorithm, root int, n int64) uint8 {
		s := a.sign(g, &Shape{Coll: a.Coll, Root: root, RecvCount: n, Recv: bytesLayout}, &Vectors{RecvCounts: []int64{n}})
		if s == 0 || s == Failed {
			t.Fatalf("%v by %s, root %d, %d bytes: sign %d", a.Coll, a.Name, root, n, s)
		}
		return s
	}
	seen := map[uint8]string{}
	for i := range algorithms {
		a := &algorithms[i]
		s := sign(a, 0, 0)
		if other := seen[s]; other != "" {
			t.Errorf("%v by %s has the sign of %s", a.Coll, a.Name, other)
		}
		seen[s] = a.Coll.String() + " by " + a.Name
		for root := 1; root < g.Size; root++ {
			if sign(a, root, 0) == s {
				t.Errorf("%v by %s: root %d is as root 0", a.Coll, a.Name, root)
			}
		}
		for n := int64(1); n < signRange && g.known(&Shape{Coll: a.Coll}) && a.Coll != Scatter && a.Coll != Gather; n++ {
			if sign(a, 0, n) == s {
				t.Errorf("%v by %s: %d bytes are as none", a.Coll, a.Name, n)
			}
		}
	}
}

func TestParseChoice(t *testing.T) {
	c, err := ParseChoice(" allreduce:ring, bcast : binomial,,")
	if err != nil || c[Allreduce].Name != "ring" || c[Bcast].Name != "binomial" || c[Reduce] != nil {
		t.Fatalf("%v, %v", c, err)
	}
	if _, err := ParseChoice(""); err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string][]string{
		"allreduce":             {`"allreduce"`, "operation:algorithm"},
		"allreduse:ring":        {`"allreduse"`, "allreduce", "neighbor_alltoallw"},
		"bcast:binomial,scan:x": {"scan", `"x"`, "recursive_doubling"},
	} {
		_, err := ParseChoice(text)
		if err == nil {
			t.Fatalf("%q is accepted", text)
		}
		for _, s := range says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("the error of %q, %q, does not name %q", text, err, s)
			}
		}
	}
}

// TestForced: each algorithm is taken when it is forced, and left where it does
// not fit.
func TestForced(t *testing.T) {
	g := Group{Size: 8, HostOf: []int{0, 0, 0, 0, 1, 1, 1, 1}}
	for i := range algorithms {
		a := &algorithms[i]
		c, err := ParseChoice(a.Coll.String() + ":" + a.Name)
		if err != nil {
			t.Fatal(err)
		}
		s := Shape{Coll: a.Coll, Commutative: true, RecvCount: 1, Recv: bytesLayout}
		if got := choose(&g, &c, &s, &Vectors{}); got != a {
			t.Errorf("%v: %s was forced, %s was taken", a.Coll, a.Name, got.Name)
		}
	}
	c, _ := ParseChoice("allreduce:ring")
	if a := choose(&g, &c, &Shape{Coll: Allreduce}, nil); a.Name == "ring" {
		t.Error("the ring was taken for an operation that does not commute")
	}
}
