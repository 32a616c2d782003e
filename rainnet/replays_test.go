package rainnet

import (
	"math/rand/v2"
	"testing"
)

// TestReplays compares the window with a set of all numbers.
func TestReplays(t *testing.T) {
	for seed := range uint64(50) {
		rng := rand.New(rand.NewPCG(seed, 0))
		var r replays
		came := map[uint64]bool{}
		highest, any := uint64(0), false
		for range 20_000 {
			n := highest + rng.Uint64N(4)
			switch rng.IntN(8) {
			case 0:
				n = highest - min(highest, rng.Uint64N(2*replayWindow))
			case 1:
				n = highest + rng.Uint64N(3*replayWindow)
			}
			highest, any = max(highest, n), true
			want := !came[n] && highest-n < replayWindow
			if got := r.fresh(n); got != want {
				t.Fatalf("seed %d: number %d below %d (%v): fresh %v, want %v", seed, n, highest, any, got, want)
			}
			came[n] = true
		}
	}
}
