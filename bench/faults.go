package bench

import (
	"cmp"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/stat"

	"rainmpi/bench/lab"
	"rainmpi/rainnet/history"
)

// A FaultsBench runs trials of a scene, the implementations by turns.
type FaultsBench struct {
	Scene *Scene
	// Place makes the lab of one trial: what the one before has left in the tables
	// and queues of the kernel shall be nobody's business.
	Place    func(context.Context) (s Setting, end func(), err error)
	Impls    []*Impl
	Progs    map[string]string // by implementation: the compiled program
	Dir      string            // for logs
	Size     string            // of a message
	Trials   int
	Seed     uint64
	Patience time.Duration // how much longer than planned a run may take before it counts as hung

	OnTrial func(*Trial) // is told each when it has ended
}

// A Trial is one stream under one fault.
type Trial struct {
	Impl   string `json:"implementation"`
	Number int    `json:"trial"` // 0: one rail alone
	Streamed
	Break      float64     `json:"break"` // seconds
	Mend       float64     `json:"mend"`
	Mended     bool        `json:"mended"` // before the stream's end
	Failure    string      `json:"failure,omitempty"`
	Hung       bool        `json:"hung"`
	Before     float64     `json:"before"` // MB/s
	During     float64     `json:"during"` // from 0.5 s after the fault
	After      float64     `json:"after"`  // from 1 s after the repair
	FaultGap   float64     `json:"gap"`    // longest between two messages from the fault on, seconds
	ToRate     *float64    `json:"seconds_to_rate_after_fault"`
	ToFullRate *float64    `json:"seconds_to_full_rate_after_repair"`
	Events     []PathEvent `json:"path_events,omitempty"`
	Disagree   []string    `json:"ends_disagree,omitempty"`
}

// A PathEvent is a transition of a path, as one end saw it.
type PathEvent struct {
	At    float64 `json:"at"` // seconds by the receiver's clock
	Of    string  `json:"of"` // who saw it
	Path  string  `json:"path"`
	Epoch uint32  `json:"epoch"`
	Up    bool    `json:"up"`
	Cause string  `json:"cause"`
}

// A Spread is how a figure lies over trials.
type Spread struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// A Summary is all trials of one implementation.
type Summary struct {
	Impl       string  `json:"implementation"`
	Trials     int     `json:"trials"`
	Failed     int     `json:"failed"` // hung ones among them
	Hung       int     `json:"hung"`
	One        float64 `json:"one_rail,omitempty"` // MB/s
	Before     float64 `json:"before"`
	During     float64 `json:"during"`
	After      float64 `json:"after"`
	Kept       float64 `json:"kept"` // during, beside before
	Gap        Spread  `json:"longest_gap"`
	ToRate     Spread  `json:"seconds_to_rate_after_fault"`
	ToFullRate Spread  `json:"seconds_to_full_rate_after_repair"`
	Messages   uint64  `json:"messages"`
	Lost       uint64  `json:"lost"`
	Duplicated uint64  `json:"duplicated"`
	Corrupted  uint64  `json:"corrupted"`
	Downs      int     `json:"paths_down"`
	Disagree   int     `json:"paths_disagree"`
	Bars       []Bar   `json:"bars,omitempty"` // rainmpi's
}

// Tick and Watch of the trials: goodput and rails every 10 ms.
const faultTick = 10 * time.Millisecond

// Run runs all trials. It stops when ctx is done.
func (b *FaultsBench) Run(ctx context.Context) (trials []Trial, sums []Summary) {
	first := 1
	if b.Scene.alone {
		first = 0
	}
	for n := first; n <= b.Trials; n++ {
		for _, i := range b.Impls {
			if ctx.Err() != nil {
				return trials, nil
			}
			t := b.trial(ctx, i, n)
			trials = append(trials, t)
			if b.OnTrial != nil && ctx.Err() == nil {
				b.OnTrial(&t)
			}
		}
	}
	for _, i := range b.Impls {
		sums = append(sums, b.sum(i.Name, trials))
	}
	return trials, sums
}

// aloneDraw is a stream over the first rail, the others being cut before it starts.
func (o *Scene) aloneDraw() (d Draw, before []lab.Fault) {
	d = Draw{Break: 2.5, Mend: 2.5, Seconds: 2.5}
	for r := 2; r <= o.Rails; r++ {
		before = append(before, lab.Fault{Kind: lab.KindCut, Rail: railName(r)})
	}
	return d, before
}

// trial runs one; what keeps it from running is its failure.
func (b *FaultsBench) trial(ctx context.Context, i *Impl, n int) Trial {
	t := Trial{Impl: i.Name, Number: n}
	setting, end, err := b.Place(ctx)
	if err == nil {
		defer end()
		err = b.runTrial(ctx, i, setting, &t)
	}
	if err != nil {
		t.Failure = err.Error()
	}
	return t
}

func (b *FaultsBench) runTrial(ctx context.Context, i *Impl, setting Setting, t *Trial) error {
	d, before := b.Scene.Draw(b.Seed, t.Number), []lab.Fault(nil)
	if t.Number == 0 {
		d, before = b.Scene.aloneDraw()
	}
	for _, f := range before {
		if err := setting.Break(f); err != nil {
			return err
		}
	}
	setting.History = filepath.Join(b.Dir, "history")
	t.Break, t.Mend = d.Break, d.Mend
	t.Streamed = Stream{Impl: i, Setting: setting, Prog: b.Progs[i.Name], Ranks: b.Scene.Ranks(), Size: b.Size, Seconds: d.Seconds,
		Tick: faultTick.Seconds(), Faults: d.Faults, Watch: faultTick, Limit: seconds(d.Seconds) + b.Patience}.Run(ctx)
	t.judge(d)
	if i.Name == RainMPI {
		t.readHistory(setting)
	}
	return nil
}

// judge computes what the stream has shown.
func (t *Trial) judge(d Draw) {
	if t.Err != nil {
		t.Failure, t.Hung = t.Err.Error(), errors.Is(t.Err, ErrTimeout)
	}
	if len(t.Faults) > 0 {
		shift := t.Faults[0].At - t.Break // the fault was late by as much
		t.Break, t.Mend = t.Break+shift, t.Mend+shift
	}
	end := min(t.Mend, d.Seconds)
	t.Mended = d.Mend < d.Seconds
	t.Before = Mean(t.Ticks, 0.5, t.Break)
	t.During = Mean(t.Ticks, t.Break+0.5, end)
	t.After = Mean(t.Ticks, t.Mend+1, d.Seconds)
	t.FaultGap = t.LongestGap(t.Break)
	if len(d.Faults) > 0 && t.During > 0 {
		t.ToRate = finite(t.Reached(t.Break, 0.95*t.During))
	}
	if t.Mended && t.Before > 0 {
		t.ToFullRate = finite(t.Reached(t.Mend, 0.95*t.Before))
	}
}

func finite(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// readHistory takes over what both ends say of their paths, and whether they agree.
func (t *Trial) readHistory(s Setting) {
	var logs history.Logs
	for _, h := range s.Lab.Hosts {
		path := history.FileOn(s.History, h.Name)
		if err := logs.ReadFile(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Disagree = append(t.Disagree, err.Error())
		}
		os.Remove(path)
	}
	for _, v := range logs.Compare() {
		if !v.Agree() {
			t.Disagree = append(t.Disagree, v.String()+": "+strings.Join(v.Wrong, "; "))
		}
		for _, side := range v.Sides {
			for _, e := range side.Entries {
				t.Events = append(t.Events, PathEvent{At: e.At.Sub(t.Zero.Round(0)).Seconds(), Of: side.Name,
					Path: e.Path.String() + " " + e.Local + " " + e.Remote, Epoch: e.Epoch, Up: e.Up, Cause: e.Cause})
			}
		}
	}
	slices.SortStableFunc(t.Events, func(a, b PathEvent) int { return cmp.Compare(a.At, b.At) })
}

// sum sums an implementation's trials up.
func (b *FaultsBench) sum(name string, trials []Trial) Summary {
	s := Summary{Impl: name}
	var before, during, after, gaps, toRate, toFull []float64
	for i := range trials {
		t := &trials[i]
		switch {
		case t.Impl != name:
			continue
		case t.Number == 0:
			s.One = t.Before
			continue
		}
		s.Trials++
		if t.Failure != "" {
			s.Failed++
		}
		if t.Hung {
			s.Hung++
		}
		before, during, after = append(before, t.Before), append(during, t.During), append(after, t.After)
		gaps = append(gaps, t.FaultGap)
		if t.ToRate != nil {
			toRate = append(toRate, *t.ToRate)
		}
		if t.ToFullRate != nil {
			toFull = append(toFull, *t.ToFullRate)
		}
		s.Messages, s.Lost, s.Duplicated, s.Corrupted = s.Messages+t.Messages, s.Lost+t.Lost, s.Duplicated+t.Duplicated, s.Corrupted+t.Corrupted
		s.Downs += t.downs()
		s.Disagree += len(t.Disagree)
	}
	if s.Trials == 0 {
		return s
	}
	s.Before, s.During, s.After = Median(before), Median(during), Median(after)
	s.Kept = ratio(s.During, s.Before)
	s.Gap, s.ToRate, s.ToFullRate = spread3(gaps), spread3(toRate), spread3(toFull)
	if name == RainMPI {
		s.Bars = append(b.Scene.bars(b.Scene, &s), s.wholeBars()...)
	}
	return s
}

// downs counts the paths that went down between the first fault and the last repair.
func (t *Trial) downs() (n int) {
	for _, e := range t.Events {
		if !e.Up && e.At > t.Break && e.At < t.Mend {
			n++
		}
	}
	return n
}

func spread3(v []float64) Spread {
	if len(v) == 0 {
		return Spread{}
	}
	s := slices.Clone(v)
	slices.Sort(s)
	return Spread{Median(s), stat.Quantile(0.99, stat.Empirical, s, nil), s[len(s)-1]}
}
