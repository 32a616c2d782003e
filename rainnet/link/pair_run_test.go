package link

import (
	"math/rand/v2"
	"testing"
)

// TestLoss checks that no false Down comes of 5 % loss each way, in an hour.
// Plain pings alone would fail every 12 s.
func TestLoss(t *testing.T) {
	p := newPair(Config{}, 100_000)
	p.run(100 * millisecond)
	p.flush()
	p.loss = 0.05
	p.run(3600 * second)
	if log := p.flush(); log != "" {
		t.Errorf("5 %% loss made transitions:\n%s", log)
	}
}

// TestFaults breaks the path at random and checks that neither history leads
// by more than N at any instant, that both are equal and Up once the faults
// have ended, and that a fault causes a bounded number of transitions.
func TestFaults(t *testing.T) {
	for seed := uint64(0); seed < 100; seed++ {
		testFaults(t, seed)
	}
}

func testFaults(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 0))
	slack := 2 + rng.IntN(2)
	p := newPair(Config{Slack: slack}, 10_000+rng.Int64N(20*millisecond))
	p.rng = rng
	p.other = rng.IntN(2) == 0
	lossless := rng.IntN(2) == 0
	if !lossless {
		p.loss = float64(rng.IntN(30)) / 100
	}
	p.each = func() {
		x, _ := p.ends[0].History()
		y, _ := p.ends[1].History()
		if lead := int32(x - y); lead > int32(slack) || -lead > int32(slack) {
			t.Fatalf("seed %d, %v: counts %d and %d", seed, p.now, x, y)
		}
	}
	faults := 0
	for range 50 {
		i := rng.IntN(2)
		switch rng.IntN(5) {
		case 0:
			p.cut[i], p.cut[1-i] = true, true
			faults++
		case 1:
			p.cut[i] = true
			faults++
		case 2:
			p.ends[i].Lost(p.now)
			p.events(i)
			faults++
		case 3:
			p.asleep[i] = p.now + rng.Int64N(100*millisecond)
			faults++
		}
		p.run(p.now + rng.Int64N(200*millisecond))
		p.cut = [2]bool{}
		p.run(p.now + rng.Int64N(200*millisecond))
	}
	p.loss = 0
	p.run(p.now + 25*second) // hold-down, at most
	xa, xr := p.ends[0].History()
	ya, yr := p.ends[1].History()
	if lossless && xa > uint32(1+2*faults) {
		t.Errorf("seed %d: %d transitions of %d faults", seed, xa, faults)
	}
	if xa != ya || xa != xr || ya != yr || !p.ends[0].Up() {
		t.Errorf("seed %d: quiet, but (a, r) are (%d, %d) and (%d, %d)", seed, xa, xr, ya, yr)
	}
}
