package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rainmpi/bench/lab"
)

// Gigabit is the line rate of the rails in the bars below, MB/s.
const Gigabit = 125.0

// A Bar is a figure that must be reached.
type Bar struct {
	What  string
	Value float64
	Least float64
	Unit  string
}

// Passed says whether the figure reaches its bar.
func (b Bar) Passed() bool { return b.Value >= b.Least }

func (b Bar) String() string {
	word := "ok  "
	if !b.Passed() {
		word = "FAIL"
	}
	return fmt.Sprintf("%s  %-58s %8.2f %-5s (at least %.2f)", word, b.What, b.Value, b.Unit, b.Least)
}

// A Broken is one stream during which a rail was broken and mended.
type Broken struct {
	Fault              lab.Fault
	Before, Down, Back float64 // MB/s before, while broken, and from 1 s after the repair on
	Gap                float64 // longest time in which no message came, seconds
	Messages           uint64
	Wrong              uint64
	Ticks              []Tick
	Shares             []float64 // part of each rail of what the first host sent
	BrokenAt, MendedAt float64   // by the receiver's clock, seconds
	Err                error     // the run failed or hung
}

// A BrokenStream describes such a stream: 1 MiB messages, all checked, for
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

// Break breaks or mends a rail of the setting.
func (s *Setting) Break(f lab.Fault) error {
	if s.Loopback != nil {
		return s.Loopback.Fault(f)
	}
	return s.Lab.Fault(f)
}

// Shares returns a function that tells each rail's part of what was sent since,
// nil where nobody counts.
func (s *Setting) Shares() func() []float64 {
	if s.Lab == nil {
		return func() []float64 { return nil }
	}
	before, err := s.Lab.Status()
	return func() []float64 {
		after, err2 := s.Lab.Status()
		if err != nil || err2 != nil {
			return nil
		}
		return Shares(before, after)
	}
}

// Run runs it. The times are the receiver's, so that a slow start does not matter;
// a receiver that has stopped telling them does not stop the repair.
func (b BrokenStream) Run(ctx context.Context) Broken {
	out := Broken{Fault: b.Fault}
	shares := b.Setting.Shares()
	f := faultClock{BrokenStream: b, out: &out}
	cmd := b.Impl.Command(&b.Setting, b.Ranks, b.Prog, "-t", "stream", "-s", b.Size, "-d", fmt.Sprint(b.Seconds), "-c")
	run, err := Execute(ctx, cmd, b.Limit, f.tick)
	f.finish()
	out.Ticks, out.Err = run.Ticks, err
	for _, r := range run.Results {
		if r.Test == "gap" {
			out.Gap, out.Messages, out.Wrong = r.Value, r.Messages, r.Wrong
		}
	}
	out.Before = Mean(run.Ticks, 0.5, out.BrokenAt)
	out.Down = Mean(run.Ticks, out.BrokenAt, out.MendedAt)
	out.Back = Mean(run.Ticks, out.MendedAt+1, b.Seconds)
	out.Shares = shares()
	return out
}

// A faultClock breaks and mends by the receiver's ticks.
type faultClock struct {
	BrokenStream
	out  *Broken
	mu   sync.Mutex
	mend *time.Timer
	done chan struct{}
}

func (f *faultClock) tick(t Tick) {
	if f.OnTick != nil {
		f.OnTick(t)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mend != nil || t.At < f.Break {
		return
	}
	f.out.BrokenAt, f.out.MendedAt = t.At, t.At+f.Mend-f.Break
	f.do(f.Fault)
	f.done = make(chan struct{})
	f.mend = time.AfterFunc(time.Duration((f.Mend-f.Break)*float64(time.Second)), func() {
		defer close(f.done)
		f.do(lab.Fault{Kind: lab.KindMend, Rail: f.Fault.Rail})
	})
}

func (f *faultClock) do(fault lab.Fault) {
	err := f.Setting.Break(fault)
	if err == nil && f.OnFault != nil {
		f.OnFault(fault)
	}
}

// finish leaves the rail mended.
func (f *faultClock) finish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.mend == nil {
		return
	}
	if f.mend.Stop() {
		f.do(lab.Fault{Kind: lab.KindMend, Rail: f.Fault.Rail})
		return
	}
	<-f.done
}

// Shares returns the part of each rail of what the first host sent in between.
func Shares(before, after *lab.Status) []float64 {
	var sent []float64
	sum := 0.0
	for i, r := range after.Rails {
		n := r.Cables[0].Counters.Sub(before.Rails[i].Cables[0].Counters)
		sent = append(sent, float64(n.TxBytes))
		sum += float64(n.TxBytes)
	}
	for i := range sent {
		if sum > 0 {
			sent[i] /= sum
		}
	}
	return sent
}
