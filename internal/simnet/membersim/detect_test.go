package membersim

import (
	"slices"
	"testing"

	"rainmpi/rainnet/member"
)

// TestDetection prints how soon a crash is known, with -v, and checks what is
// promised: a host that is silent for Removal is gone soon after, and never before.
func TestDetection(t *testing.T) {
	for _, n := range []int{2, 4, 8, 16, 32, 64, 128, 256} {
		if n > 64 && !testing.Verbose() {
			break // a few seconds each, for people
		}
		for _, aggressive := range []bool{false, true} {
			// As many trials as take about the same time for all n.
			detection(t, n, max(1, 64/n), member.Config{Removal: second, Aggressive: aggressive})
		}
	}
}

func detection(t *testing.T, n, trials int, cfg member.Config) {
	t.Helper()
	var silent, removed []int64
	for seed := range uint64(trials) {
		d, ok := Detect(seed, n, cfg)
		if !ok {
			t.Errorf("%d hosts, seed %d: the crash is not known in time", n, seed)
			continue
		}
		// The removal counts from the last copy with the host in the ring,
		// which is up to some rounds older than the crash or younger.
		if d.Removed < cfg.Removal*3/4 || d.Removed > 2*cfg.Removal {
			t.Errorf("%d hosts, seed %d: removed after %v with Removal %v", n, seed, duration(d.Removed), duration(cfg.Removal))
		}
		silent, removed = append(silent, d.Silent), append(removed, d.Removed)
	}
	slices.Sort(silent)
	slices.Sort(removed)
	at := func(v []int64, part float64) any {
		if len(v) == 0 {
			return "-"
		}
		return duration(v[int(part*float64(len(v)-1))]).Round(millisecond)
	}
	t.Logf("%3d hosts, aggressive %-5v: out of the ring after %v, %v, %v; of all views after %v, %v, %v (least, median, most of %d)",
		n, cfg.Aggressive, at(silent, 0), at(silent, 0.5), at(silent, 1), at(removed, 0), at(removed, 0.5), at(removed, 1), len(silent))
}
