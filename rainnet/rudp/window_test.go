package rudp

import "testing"

// TestWindowForLong: a few messages under way, as most programs have, are as fast after any time as at first: what the
// model of a path forgets after a while it finds again.
func TestWindowForLong(t *testing.T) {
	slow := func() *rail { return &rail{rate: 25e6, delay: 30 * microsecond, queue: 500e3} }
	s := &stream{world: newWorld(t, 30, Config{}, slow(), slow()), window: 8, size: 16 << 10}
	s.up()
	s.pass(140 * millisecond)
	first := s.pass(500 * millisecond)
	for s.now < 22*second {
		s.pass(3 * second)
		now := s.pass(500 * millisecond)
		t.Logf("after %d s: %.1f MB/s, %.1f at first", s.now/second, now/1e6, first/1e6)
		if now < 0.9*first {
			t.Errorf("after %d s: %.1f MB/s, and %.1f at first", s.now/second, now/1e6, first/1e6)
		}
	}
}
