package bench

import "fmt"

// The bars of the scenarios. A figure is the median over trials where nothing else
// is said, and rates are MB/s.

// gapBar: the longest gap between two messages, in 99 of 100 trials.
func (s *Summary) gapBar(most float64) Bar {
	return Bar{What: fmt.Sprintf("longest gap, p99 of %d trials", s.Trials), Value: s.Gap.P99 * 1e3, Least: most * 1e3, Unit: "ms", Most: true}
}

func (s *Summary) backBar() Bar {
	return Bar{What: "from 1 s after the repair, beside before", Value: ratio(s.After, s.Before), Least: 0.95, Unit: "times"}
}

func (s *Summary) noDownBar() Bar {
	return Bar{What: "paths that went down", Value: float64(s.Downs), Unit: "times", Most: true}
}

func lossBars(o *Scene, s *Summary) []Bar {
	bars := []Bar{s.noDownBar()}
	least := 0.0
	switch {
	case o.Loss <= 0.01:
		least = 0.95
	case o.Loss <= 0.05:
		least = 0.85
	default:
		return bars
	}
	return append(bars, Bar{What: fmt.Sprintf("rate at %g %% loss, beside before", o.Loss*100), Value: ratio(s.During, s.Before), Least: least, Unit: "times"})
}

// lossyBars: a rail that loses never makes the whole slower than it is without that
// rail, nor does a slow one.
func lossyBars(o *Scene, s *Summary) []Bar {
	return []Bar{
		s.noDownBar(),
		{What: "rate, beside that without the lossy rail", Value: ratio(s.During, s.One*float64(o.Rails-1)), Least: 1, Unit: "times"},
		s.backBar(),
	}
}

func slowBars(o *Scene, s *Summary) []Bar {
	sum := 0.0
	for _, r := range o.Rates {
		sum += float64(r) / 8e6
	}
	return []Bar{
		{What: "rate, beside the sum of the rails", Value: ratio(s.Before, sum), Least: 0.9, Unit: "times"},
		{What: "rate, beside that without the slow rail", Value: ratio(s.Before, s.During), Least: 1, Unit: "times"},
		s.backBar(),
	}
}

func crossedBars(o *Scene, s *Summary) []Bar {
	return []Bar{
		{What: "rate by the host between, beside one rail", Value: ratio(s.During, float64(o.Rates[0])/8e6), Least: 0.8, Unit: "times"},
		s.backBar(),
	}
}

func repairBars(o *Scene, s *Summary) []Bar {
	return []Bar{
		{What: "rate before the fault, beside one rail", Value: ratio(s.Before, s.One), Least: 0.9 * float64(o.Rails), Unit: "times"},
		{What: "from 0.5 s after the fault, beside the rails that are left", Value: ratio(s.During, s.One*float64(o.Rails-1)), Least: 0.97, Unit: "times"},
		s.backBar(),
	}
}

// wholeBars are those of every scenario: all messages come once, as they were sent,
// and both ends tell the same of every path.
func (s *Summary) wholeBars() []Bar {
	none := func(what string, n uint64) Bar { return Bar{What: what, Value: float64(n), Unit: "", Most: true} }
	return []Bar{none("runs that failed or hung", uint64(s.Failed)), none("messages lost", s.Lost), none("messages duplicated", s.Duplicated),
		none("messages corrupted", s.Corrupted), none("paths whose ends do not agree", uint64(s.Disagree))}
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}
