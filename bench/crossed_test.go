package bench

import (
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// TestCrossedRails streams from h1 to h3 while h1 has lost rail 1 and h3 rail 2: h2, which has both, relays most of what
// a rail carries, and nothing is lost. Before, and again when the rails have been mended, it carries next to nothing. The
// rails are slow, so that others on this machine do not bound the stream; rainbench faults asks for more, at 1 Gbit/s.
func TestCrossedRails(t *testing.T) {
	const rate = 200e6            // bit/s
	const least = 0.5             // of a rail, by h2
	const idle = 0.03             // of both rails, by h2 when direct paths are there: it pings
	const crossAfter = 1.0        // seconds of the receiver's clock
	const behind = time.Second    // from the faults on until h2 relays, and what came before has been told
	const lasts = 2 * time.Second // from the faults on
	const settles = 2.0           // seconds of the receiver's clock after the repair until direct paths carry all
	impl, prog := compiled(t)
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2, Rate: rate})
	status := func() *lab.Status {
		s, err := l.Status()
		if err != nil {
			t.Error(err)
		}
		return s
	}
	fault := func(f lab.Fault) {
		if err := l.Fault(f); err != nil {
			t.Error(err)
		}
	}
	relayed := func(from, to *lab.Status) (mb float64) {
		for i := range to.Rails {
			const h2 = 1
			mb += float64(to.Rails[i].Cables[h2].Counters.Sub(from.Rails[i].Cables[h2].Counters).TxBytes) / 1e6
		}
		return mb
	}
	start := status()
	var before, during, back *lab.Status // h2's counters when the rails are crossed, when they are mended, and after settles
	var crossed time.Time
	var from, mended, direct, end float64 // seconds of the receiver's clock
	cmd := impl.Command(&Setting{Lab: l}, 3, prog, "-t", "stream", "-s", "64k", "-d", "7", "-c")
	run, err := Execute(t.Context(), cmd, time.Minute, func(k Tick) {
		switch {
		case before == nil && k.At > crossAfter:
			before = status()
			fault(lab.Fault{Kind: lab.KindCut, Rail: "rail1", Host: "h1"})
			fault(lab.Fault{Kind: lab.KindBlackHole, Rail: "rail2", Host: "h3", Dir: lab.Both})
			crossed = time.Now()
		case before != nil && from == 0 && time.Since(crossed) > behind:
			from = k.At
		case from > 0 && during == nil && time.Since(crossed) > lasts:
			during, mended = status(), k.At
			fault(lab.Fault{Kind: lab.KindMend, Rail: "rail1"})
			fault(lab.Fault{Kind: lab.KindMend, Rail: "rail2"})
		case during != nil && back == nil && k.At > mended+settles:
			back, direct = status(), k.At
		}
		end = k.At
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
	if len(run.Results) == 0 || back == nil || end == direct {
		t.Fatalf("the stream ended early: %+v", run)
	}
	came := func(from, to float64) float64 { return Mean(run.Ticks, from, to) * (to - from) } // MB
	if n, by := relayed(before, during), came(from, mended); n < by || by < least*rate/8e6*(mended-from) {
		t.Errorf("h2 sent %.1f MB while it was the only way, and %.1f MB came in the last %.1f s of that", n, by, mended-from)
	}
	for _, s := range []struct {
		when           string
		h2, came, time float64 // MB, MB, seconds
	}{
		{"before the fault", relayed(start, before), came(0, crossAfter), crossAfter},
		{"when the rails had been mended", relayed(back, status()), came(direct, end), end - direct},
	} {
		if s.came < s.h2 || s.h2 > idle*2*rate/8e6*s.time {
			t.Errorf("%s h2 sent %.2f MB in %.1f s, and %.1f MB came", s.when, s.h2, s.time, s.came)
		}
	}
}
