package coll

import (
	"testing"
)

func TestCommKeepsSchedules(t *testing.T) {
	c := NewComm(Group{Rank: 1, Size: 4}, Choice{})
	s := Shape{Coll: Bcast, RecvCount: 8, Recv: bytesLayout}
	first := c.Schedule(s, nil)
	s2 := s
	s2.Root = 2
	second := c.Schedule(s2, nil)
	if first == second || c.Schedule(s, nil) != first || c.Schedule(s2, nil) != second {
		t.Fatal("a shape's schedule is not its own")
	}

	v := &Vectors{RecvCounts: []int64{1, 2, 3, 4}, RecvDispls: []int64{0, 1, 3, 6}}
	g := Shape{Coll: Allgatherv, SendCount: 2, Send: bytesLayout, Recv: bytesLayout}
	third := c.Schedule(g, v)
	v.RecvCounts[3] = 5 // the caller's arrays are the caller's
	fourth := c.Schedule(g, v)
	v.RecvCounts[3] = 4
	if third == fourth || c.Schedule(g, v) != third {
		t.Fatal("vectors are not told apart")
	}
	if n := testing.AllocsPerRun(100, func() { c.Schedule(s, nil); c.Schedule(g, v); c.Schedule(s2, nil) }); n != 0 {
		t.Fatalf("looking up kept schedules allocates %v times", n)
	}
}

func TestCommForgets(t *testing.T) {
	c := NewComm(Group{Rank: 1, Size: 64}, Choice{})
	for n := range int64(10000) {
		c.Schedule(Shape{Coll: Alltoall, SendCount: n + 1000, RecvCount: n + 1000, Send: bytesLayout, Recv: bytesLayout}, nil)
		steps := 0
		for _, ks := range c.kept {
			for _, k := range ks {
				steps += k.s.Steps()
			}
		}
		if steps > keepSteps {
			t.Fatalf("%d steps are kept", steps)
		}
		if n > 1000 {
			break
		}
	}
}
