package link

import "testing"

// TestUp checks that two ends that hear each other come Up, and go Down when
// they no longer do.
func TestUp(t *testing.T) {
	now := int64(0)
	a, b := New(Config{}, now), New(Config{}, now)
	run := func(until int64, cut bool) {
		for now < until {
			now += 100_000
			for _, e := range [][2]*Link{{a, b}, {b, a}} {
				e[0].Expire(now)
				if p, ok := e[0].NextPing(now); ok && !cut {
					e[1].RecvPing(now+50_000, p)
				}
			}
		}
	}
	run(100*millisecond, false)
	if !a.Up() || !b.Up() {
		t.Fatal("not Up after 100 ms")
	}
	run(200*millisecond, true)
	if a.Up() || b.Up() {
		t.Fatal("not Down after 100 ms of silence")
	}
}
