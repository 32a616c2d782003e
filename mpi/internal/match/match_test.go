package match

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// model is the rule in its plainest form: two lists in order, searched from
// the front.
type model struct {
	posted  []*Recv[int]
	arrived []*Arrival[int]
}

func fits(r *Recv[int], source, tag int32) bool {
	return (r.Source == Any || r.Source == source) && (r.Tag == AnyTag || r.Tag == tag)
}

// TestAgainstModel drives Space and the model with the same posts, arrivals
// and cancels: they must pair the same receives with the same messages.
func TestAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const sources = 3
		s := New[int, int](sources)
		var m model
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0, 1:
				r := &Recv[int]{Source: int32(rapid.IntRange(-1, sources-1).Draw(t, "source")),
					Tag: rapid.SampledFrom([]int32{AnyTag, 0, 1}).Draw(t, "tag"), Value: i}
				k := slices.IndexFunc(m.arrived, func(a *Arrival[int]) bool { return fits(r, a.Source, a.Tag) })
				a := s.Find(r.Source, r.Tag)
				if k < 0 {
					if a != nil {
						t.Fatalf("found %+v, the model has nothing", a)
					}
					m.posted = append(m.posted, r)
					s.Post(r)
					break
				}
				if a != m.arrived[k] {
					t.Fatalf("found %+v, want %+v", a, m.arrived[k])
				}
				s.Take(a)
				m.arrived = slices.Delete(m.arrived, k, k+1)
			case 2, 3:
				a := &Arrival[int]{Source: int32(rapid.IntRange(0, sources-1).Draw(t, "from")),
					Tag: int32(rapid.IntRange(0, 1).Draw(t, "tag")), Value: i}
				k := slices.IndexFunc(m.posted, func(r *Recv[int]) bool { return fits(r, a.Source, a.Tag) })
				r := s.Match(a.Source, a.Tag)
				if k < 0 {
					if r != nil {
						t.Fatalf("matched %+v, the model has nothing", r)
					}
					m.arrived = append(m.arrived, a)
					s.Arrive(a)
					break
				}
				if r != m.posted[k] {
					t.Fatalf("matched %+v, want %+v", r, m.posted[k])
				}
				m.posted = slices.Delete(m.posted, k, k+1)
			case 4:
				if len(m.posted) == 0 {
					break
				}
				k := rapid.IntRange(0, len(m.posted)-1).Draw(t, "cancel")
				if !s.Cancel(m.posted[k]) {
					t.Fatalf("%+v is posted and cannot be cancelled", m.posted[k])
				}
				if s.Cancel(m.posted[k]) {
					t.Fatalf("%+v was cancelled twice", m.posted[k])
				}
				m.posted = slices.Delete(m.posted, k, k+1)
			}
			if s.Posted() != len(m.posted) || s.Arrived() != len(m.arrived) {
				t.Fatalf("%d posted and %d arrived, want %d and %d", s.Posted(), s.Arrived(), len(m.posted), len(m.arrived))
			}
		}
	})
}

func BenchmarkPostMatch(b *testing.B) {
	s := New[int, int](64)
	r := &Recv[int]{Source: 5, Tag: 1}
	b.ReportAllocs()
	for b.Loop() {
		s.Post(r)
		if s.Match(5, 1) != r {
			b.Fatal("no match")
		}
	}
}
