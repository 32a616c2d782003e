package bench

import (
	"sync"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// TestCrossedRails streams from h1 to h3 while h1 has lost rail 1 and h3 rail 2: h2, which has both,
// relays, and nothing is lost. Before and after, it carries nothing.
func TestCrossedRails(t *testing.T) {
	impl, prog := compiled(t)
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2, Rate: 1e9})
	fault := func(f lab.Fault) {
		if err := l.Fault(f); err != nil {
			t.Error(err)
		}
	}
	const crossedAt, mendedAt, end = 1.0, 3.0, 5.5 // seconds of the receiver's clock
	var cross, mend sync.Once
	var before, during *lab.Status
	status := func() *lab.Status {
		s, err := l.Status()
		if err != nil {
			t.Error(err)
		}
		return s
	}
	cmd := impl.Command(&Setting{Lab: l, Cores: 3}, 3, prog, "-t", "stream", "-s", "64k", "-d", "5.5", "-c")
	run, err := Execute(t.Context(), cmd, time.Minute, func(k Tick) {
		if k.At > crossedAt {
			cross.Do(func() {
				before = status()
				fault(lab.Fault{Kind: lab.KindCut, Rail: "rail1", Host: "h1"})
				fault(lab.Fault{Kind: lab.KindBlackHole, Rail: "rail2", Host: "h3", Dir: lab.Both})
			})
		}
		if k.At > mendedAt {
			mend.Do(func() {
				during = status()
				fault(lab.Fault{Kind: lab.KindMend, Rail: "rail1"})
				fault(lab.Fault{Kind: lab.KindMend, Rail: "rail2"})
			})
		}
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, run.Stderr)
	}
	for _, r := range run.Results {
		t.Logf("%+v", r)
		if r.Wrong > 0 {
			t.Errorf("%d of %d messages are wrong", r.Wrong, r.Messages)
		}
		if r.Test == "gap" && r.Value > 1.5 {
			t.Errorf("nothing came for %.3f s: rails were crossed for %g", r.Value, mendedAt-crossedAt)
		}
	}
	if len(run.Results) == 0 || during == nil {
		t.Fatalf("the stream ended early: %+v", run)
	}
	after := status()
	relayed := func(from, to *lab.Status) (n uint64) {
		for i := range to.Rails {
			const h2 = 1
			n += to.Rails[i].Cables[h2].Counters.Sub(from.Rails[i].Cables[h2].Counters).TxBytes
		}
		return n
	}
	if n := relayed(before, during); n < 20<<20 {
		t.Errorf("h2 sent %d bytes while it was the only way", n)
	}
	if n := Mean(run.Ticks, mendedAt+1, end); n == 0 {
		t.Error("nothing came after the rails were mended")
	}
	t.Logf("h2 sent %d MiB while the rails were crossed, %d MiB afterwards", relayed(before, during)>>20, relayed(during, after)>>20)
}
