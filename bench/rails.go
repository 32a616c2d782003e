package bench

import (
	"context"
	"fmt"
	"time"

	"rainmpi/bench/lab"
)

// Gigabit is the line rate of the rails in the bars below, MB/s.
const Gigabit = 125.0

// A Bar is a figure that must be reached.
type Bar struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Least float64 `json:"bar"`
	Unit  string  `json:"unit"`
	Most  bool    `json:"at_most"` // the figure may be at most so large
}

// Passed says whether the figure reaches its bar.
func (b Bar) Passed() bool {
	if b.Most {
		return b.Value <= b.Least
	}
	return b.Value >= b.Least
}

func (b Bar) String() string {
	word := "ok  "
	if !b.Passed() {
		word = "FAIL"
	}
	limit := "least"
	if b.Most {
		limit = "most"
	}
	return fmt.Sprintf("%s  %-58s %8.2f %-5s (at %s %.2f)", word, b.What, b.Value, b.Unit, limit, b.Least)
}

// A Broken is one stream during which a rail was broken and mended.
type Broken struct {
	Fault              lab.Fault
	Before, Down, Back float64 // MB/s before, while broken, and from 1 s after the repair on
	Gap                float64 // longest time in which no message came, seconds
	Messages           uint64
	Wrong              uint64
	Shares             []float64 // part of each rail of what the first host sent
	Err                error     // the run failed or hung
}

// A BrokenStream describes such a stream: messages of one size, all checked, for
// Seconds; the fault comes after Break and is mended after Mend.
type BrokenStream struct {
	Impl                 *Impl
	Setting              Setting
	Prog                 string
	Ranks                int
	Size                 string
	Break, Mend, Seconds float64
	Fault                lab.Fault
	Limit                time.Duration
	OnTick               func(Tick)      // may be nil
	OnFault              func(lab.Fault) // may be nil: called when a fault or repair is done
}

// Run runs it.
func (b BrokenStream) Run(ctx context.Context) Broken {
	s := Stream{Impl: b.Impl, Setting: b.Setting, Prog: b.Prog, Ranks: b.Ranks, Size: b.Size, Seconds: b.Seconds,
		Limit: b.Limit, OnTick: b.OnTick, OnFault: b.OnFault, Faults: []lab.Event{
			{At: seconds(b.Break), Fault: b.Fault},
			{At: seconds(b.Mend), Fault: lab.Fault{Kind: lab.KindMend, Rail: b.Fault.Rail}},
		}}.Run(ctx)
	out := Broken{Fault: b.Fault, Gap: s.Gap, Messages: s.Messages, Wrong: s.Wrong, Shares: s.Shares, Err: s.Err}
	if len(s.Faults) < 2 {
		if out.Err == nil {
			out.Err = fmt.Errorf("%s: the stream ended before it could be done", b.Fault)
		}
		return out
	}
	broken, mended := s.Faults[0].At, s.Faults[1].At
	out.Before = Mean(s.Ticks, 0.5, broken)
	out.Down = Mean(s.Ticks, broken, mended)
	out.Back = Mean(s.Ticks, mended+1, b.Seconds)
	return out
}
