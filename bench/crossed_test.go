package bench

import (
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
	const crossAfter = 1.0              // seconds of the receiver's clock
	const lasts = 2 * time.Second       // from when both faults are done
	const behind = time.Second          // what the receiver told before that has been read by then
	var crossed time.Time               // when they were done
	var last, mended, end, came float64 // seconds of the receiver's clock; MB that came while the rails were crossed
	var before, during *lab.Status
	status := func() *lab.Status {
		s, err := l.Status()
		if err != nil {
			t.Error(err)
		}
		return s
	}
	cmd := impl.Command(&Setting{Lab: l}, 3, prog, "-t", "stream", "-s", "64k", "-d", "7", "-c")
	run, err := Execute(t.Context(), cmd, time.Minute, func(k Tick) {
		switch {
		case before == nil && k.At > crossAfter:
			before = status()
			fault(lab.Fault{Kind: lab.KindCut, Rail: "rail1", Host: "h1"})
			fault(lab.Fault{Kind: lab.KindBlackHole, Rail: "rail2", Host: "h3", Dir: lab.Both})
			crossed = time.Now()
		case before != nil && during == nil && time.Since(crossed) > behind:
			came += k.MBps * (k.At - last)
			if time.Since(crossed) > lasts {
				during, mended = status(), k.At
				fault(lab.Fault{Kind: lab.KindMend, Rail: "rail1"})
				fault(lab.Fault{Kind: lab.KindMend, Rail: "rail2"})
			}
		}
		last, end = k.At, k.At
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, run.Stderr)
	}
	for _, r := range run.Results {
		t.Logf("%+v", r)
		if r.Wrong > 0 {
			t.Errorf("%d of %d messages are wrong", r.Wrong, r.Messages)
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
	if n := float64(relayed(before, during)) / 1e6; came == 0 || n < came {
		t.Errorf("h2 sent %.1f MB while it was the only way, and %.1f MB came", n, came)
	}
	if n := Mean(run.Ticks, mended, end); n == 0 {
		t.Error("nothing came after the rails were mended")
	}
	t.Logf("h2 sent %d MiB while the rails were crossed, %d MiB afterwards", relayed(before, during)>>20, relayed(during, after)>>20)
}
