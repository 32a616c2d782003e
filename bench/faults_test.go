package bench

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

func sceneOf(t *testing.T, name string) *Scene {
	t.Helper()
	s, err := NewScene(name, 2, []uint64{1e9}, 2, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Every rail, end and direction is drawn, a seed draws the same again, and a scene
// that says so mends what it has broken.
func TestDraws(t *testing.T) {
	for _, name := range ScenarioNames() {
		s := sceneOf(t, name)
		seen, moments := map[string]bool{}, map[float64]bool{}
		for n := 1; n <= 40; n++ {
			d := s.Draw(7, n)
			if !reflect.DeepEqual(d, s.Draw(7, n)) {
				t.Errorf("%s: another draw for the same seed", name)
			}
			moments[d.Break] = true
			mended := map[string]bool{}
			if name == "lossy-rail" && len(d.Faults) != 2 {
				t.Errorf("more than one rail loses: %v", d.Faults)
			}
			for _, e := range d.Faults {
				mended[e.Fault.Rail] = e.Fault.Kind == lab.KindMend
				seen[e.Fault.String()] = true
				if e.At < seconds(calm) || e.At > seconds(d.Mend) || d.Mend > d.Seconds {
					t.Errorf("%s: %v lies outside of the trial %+v", name, e, d)
				}
			}
			for rail, is := range mended {
				if is != (d.Mend < d.Seconds) {
					t.Errorf("%s: %s mended %v, by %g of %g s", name, rail, is, d.Mend, d.Seconds)
				}
			}
		}
		if len(moments) < 40 {
			t.Errorf("%s: faults at %d moments in 40 trials", name, len(moments))
		}
		for _, word := range strings.Fields(wanted[name]) {
			if !seen[word] {
				t.Errorf("%s: %s is never drawn", name, word)
			}
		}
	}
}

var wanted = map[string]string{
	"cut":           "cut:rail1@h1:switch cut:rail1@h2:switch cut:rail2@h1:switch cut:rail2@h2:switch",
	"repair":        "cut:rail1@h1:switch cut:rail2@h2:switch mend:rail1 mend:rail2",
	"black-hole":    "blackhole:rail1@h1:out blackhole:rail1@h2:in blackhole:rail2@h1:both",
	"flap":          "cut:rail1@h1:switch cut:rail2@h2:switch mend:rail1",
	"loss":          "loss:rail1:1% loss:rail2:1% mend:rail1",
	"lossy-rail":    "loss:rail1:5% loss:rail2:5% mend:rail1 mend:rail2",
	"slow-rail":     "cut:rail2@h1:switch cut:rail2@h2:switch",
	"crossed-rails": "cut:rail1@h1:switch cut:rail2@h3:switch mend:rail1 mend:rail2",
}

func TestSceneRefuses(t *testing.T) {
	for _, c := range []struct {
		name       string
		rails      int
		rates      []uint64
		down, loss float64
		want       string
	}{
		{"quake", 2, []uint64{1e9}, 2, 0.01, `no scenario "quake": there are cut, black-hole`},
		{"cut", 1, []uint64{1e9}, 2, 0.01, "nothing is left when one fails"},
		{"cut", 3, []uint64{1e9, 1e8}, 2, 0.01, "2 rates for 3 rails"},
		{"cut", 2, []uint64{1e9}, 0.4, 0.01, "lasts 0.4 s"},
		{"loss", 2, []uint64{1e9}, 2, 1, "loss 1"},
	} {
		if _, err := NewScene(c.name, c.rails, c.rates, c.down, c.loss); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c, err, c.want)
		}
	}
	if s := sceneOf(t, "slow-rail"); !slices.Equal(s.Rates, []uint64{1e9, 1e8}) || s.Config().Rails != 2 {
		t.Errorf("rates %v", s.Rates)
	}
	if s := sceneOf(t, "crossed-rails"); s.Config().Hosts != 3 || s.Ranks() != 3 {
		t.Errorf("%+v", s.Config())
	}
}

// What a stream has shown is cut at the fault and the repair.
func TestJudge(t *testing.T) {
	rates := slices.Concat(slices.Repeat([]float64{200}, 150), slices.Repeat([]float64{0}, 5), slices.Repeat([]float64{100}, 195),
		slices.Repeat([]float64{150}, 50), slices.Repeat([]float64{200}, 200))
	tr := Trial{Break: 1.4, Mend: 3.4, Streamed: Streamed{Ticks: ticks(rates...), Faults: []Happened{{At: 1.5}}}}
	tr.Ticks[155].Gap = 0.056
	tr.Ticks[20].Gap = 0.5 // before the fault
	tr.judge(Draw{Faults: make([]lab.Event, 2), Break: 1.4, Mend: 3.4, Seconds: 6})
	if tr.Before != 200 || tr.During != 100 || tr.After != 200 || tr.FaultGap != 0.056 || !tr.Mended {
		t.Errorf("%g before, %g during, %g after, gap %g", tr.Before, tr.During, tr.After, tr.FaultGap)
	}
	if tr.ToRate == nil || *tr.ToRate > 0.07 || tr.ToFullRate == nil || *tr.ToFullRate < 0.4 || *tr.ToFullRate > 0.6 {
		t.Errorf("rate after %v, full rate after %v", tr.ToRate, tr.ToFullRate)
	}
	tr.Events = []PathEvent{{At: 1.6}, {At: 1.7, Up: true}, {At: 5}, {At: 0.1}}
	if n := tr.downs(); n != 1 {
		t.Errorf("%d paths went down", n)
	}
}

// Bars hold what the scenarios promise, and are missed by what does not keep it.
func TestBarsOfScenarios(t *testing.T) {
	good := Summary{Trials: 20, One: 119, Before: 236, During: 118, After: 235, Gap: Spread{0.02, 0.04, 0.05}}
	for name, s := range map[string]Summary{"cut": good, "black-hole": good, "repair": good, "flap": good,
		"loss": {Before: 236, During: 230}, "slow-rail": {Before: 130, During: 118, After: 130},
		"lossy-rail":    {One: 119, Before: 236, During: 200, After: 235},
		"crossed-rails": {Before: 236, During: 110, After: 236}} {
		check := func(s Summary, pass bool) {
			t.Helper()
			missed := 0
			for _, b := range append(sceneOf(t, name).bars(sceneOf(t, name), &s), s.wholeBars()...) {
				if !b.Passed() {
					missed++
				}
			}
			if (missed == 0) != pass {
				t.Errorf("%s: %+v misses %d bars", name, s, missed)
			}
		}
		check(s, true)
		for _, spoil := range []func(*Summary){func(s *Summary) { s.Lost = 1 }, func(s *Summary) { s.Duplicated = 1 },
			func(s *Summary) { s.Corrupted = 1 }, func(s *Summary) { s.Failed = 1 }, func(s *Summary) { s.Disagree = 1 },
			func(s *Summary) {
				s.Gap.P99, s.Downs, s.During, s.After = 0.2, 1, 0.5*s.During, 0.5*s.After
				s.Before *= 0.8
			}} {
			bad := s
			spoil(&bad)
			check(bad, false)
		}
		if name == "lossy-rail" {
			s.During = 118 // one rail alone has 119
			check(s, false)
			s.During, s.Downs = 200, 1
			check(s, false)
		}
	}
}

// Trials are summed up by implementation: medians and tails over trials, and counts of all. The trial of one rail alone is
// none of them.
func TestSum(t *testing.T) {
	trials := []Trial{{Impl: RainMPI, Before: 111, FaultGap: 9}, {Impl: OpenMPI, Number: 1, Before: 1, FaultGap: 9, Failure: "no", Streamed: Streamed{Lost: 9}}}
	for n := range 200 {
		k := float64((n*77)%200 + 1) // 1 to 200, in no order
		tr := Trial{Impl: RainMPI, Number: n + 1, Before: 100 + k, During: k, After: 200 + k, FaultGap: k / 1000,
			Streamed: Streamed{Messages: 10, Lost: 1, Duplicated: 2, Corrupted: 3}}
		if k <= 100 {
			half, twice := k/2, k*2
			tr.ToRate, tr.ToFullRate = &half, &twice
		}
		switch {
		case k <= 3:
			tr.Failure, tr.Hung = "hung", k == 1
		case k <= 5:
			tr.Break, tr.Mend, tr.Events, tr.Disagree = 1, 2, []PathEvent{{At: 1.5}, {At: 1.6}}, []string{"so", "and so"}
		}
		trials = append(trials, tr)
	}
	b := FaultsBench{Scene: sceneOf(t, "repair")}
	s := b.sum(RainMPI, trials)
	if len(s.Bars) != 3+5 {
		t.Errorf("bars %v", s.Bars)
	}
	s.Bars = nil
	want := Summary{Impl: RainMPI, Trials: 200, Failed: 3, Hung: 1, One: 111, Before: 200.5, During: 100.5, After: 300.5, Kept: 100.5 / 200.5,
		Gap: Spread{0.1005, 0.198, 0.2}, ToRate: Spread{25.25, 49.5, 50}, ToFullRate: Spread{101, 198, 200},
		Messages: 2000, Lost: 200, Duplicated: 400, Corrupted: 600, Downs: 4, Disagree: 4}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if o := b.sum(OpenMPI, trials); o.Trials != 1 || o.Failed != 1 || o.Lost != 9 || o.Gap.P99 != 9 || o.ToRate != (Spread{}) || o.Bars != nil {
		t.Errorf("%+v", o)
	}
	if o := b.sum(MPICH, trials); !reflect.DeepEqual(o, Summary{Impl: MPICH}) {
		t.Errorf("without a trial: %+v", o)
	}
}

// A place that cannot be had is the trial's failure, and an implementation without a
// good trial reaches no bar.
func TestTrialWithoutLab(t *testing.T) {
	b := FaultsBench{Scene: sceneOf(t, "cut"), Impls: []*Impl{{Name: RainMPI}}, Trials: 2, Patience: time.Second,
		Place: func(context.Context) (Setting, func(), error) { return Setting{}, nil, errors.New("no room") }}
	trials, sums := b.Run(t.Context())
	if len(trials) != 2 || trials[0].Failure != "no room" || len(sums) != 1 || sums[0].Failed != 2 {
		t.Fatalf("%+v %+v", trials, sums)
	}
	if !slices.ContainsFunc(sums[0].Bars, func(b Bar) bool { return !b.Passed() }) {
		t.Errorf("all bars are reached: %v", sums[0].Bars)
	}
}
