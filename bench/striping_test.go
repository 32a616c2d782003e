package bench

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

func TestLeastShare(t *testing.T) {
	for _, c := range []struct {
		shares []float64
		rates  []uint64
		want   float64
	}{
		{[]float64{0.5, 0.5}, []uint64{1e9, 1e9}, 1},
		{[]float64{0.6, 0.4}, []uint64{1e9, 1e9}, 0.8},
		{[]float64{0.9, 0.1}, []uint64{9e8, 1e8}, 1},
		{[]float64{1, 0}, []uint64{9e8, 1e8}, 0},
	} {
		if got := leastShare(c.shares, c.rates); got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("%v of %v: %g, want %g", c.shares, c.rates, got, c.want)
		}
	}
}

// Bars are beside what the rails carry in the directions of the test, and those of
// unequal rails are their own.
func TestStripingBars(t *testing.T) {
	rows := []Striped{
		{Impl: RainMPI, Rails: 2, Rates: []uint64{1e9, 1e9}, Test: "bandwidth", Size: mebibyte, Median: 235, Least: 0.95},
		{Impl: RainMPI, Rails: 2, Rates: []uint64{1e9, 1e9}, Test: "bothways", Size: mebibyte, Median: 445, Least: 0.95},
		{Impl: RainMPI, Rails: 2, Rates: []uint64{1e9, 1e8}, Test: "bandwidth", Size: mebibyte, Median: 124, Least: 0.95},
		{Impl: RainMPI, Rails: 1, Rates: []uint64{1e9}, Test: "latency", Size: mebibyte, Median: 9000},
		{Impl: RainMPI, Rails: 2, Rates: []uint64{1e9, 1e9}, Test: "latency", Size: mebibyte, Median: 4800},
		{Impl: RainMPI, Rails: 2, Rates: []uint64{1e9, 1e9}, Test: "bandwidth", Size: 8, Median: 1},
		{Impl: OpenMPI, Rails: 2, Rates: []uint64{1e9, 1e9}, Test: "bandwidth", Size: mebibyte, Median: 1},
	}
	missed := func(rows []Striped) (n int) {
		for _, b := range StripingBars(rows) {
			if !b.Passed() {
				n++
			}
		}
		return n
	}
	if bars := StripingBars(rows); missed(rows) != 0 || len(bars) != 2*6+6+1 {
		t.Errorf("%d bars, %d missed: %v", len(bars), missed(rows), bars)
	}
	for k, spoil := range []func(*Striped){
		func(s *Striped) { s.Median = 225 }, func(s *Striped) { s.Median = 430 }, func(s *Striped) { s.Median = 120 },
		func(s *Striped) { s.Median = 8000 }, func(s *Striped) { s.Median = 5500 }, func(s *Striped) { s.Wrong = 1 },
	} {
		bad := slices.Clone(rows)
		spoil(&bad[k])
		if missed(bad) != 1 {
			t.Errorf("row %d: %d bars are missed by %+v", k, missed(bad), bad[k])
		}
	}
	hung := slices.Clone(rows)
	hung[5].Failures, hung[6].Failures = []string{"hung"}, []string{"hung"}
	if missed(hung) != 1 {
		t.Errorf("%d bars are missed by a run of rainmpi that hangs, and one of a peer", missed(hung))
	}
}

// The tests run in a lab with the rails that were asked for, by turns, and what a run
// tells becomes a row.
func TestStripingRuns(t *testing.T) {
	const script = `echo "{\"test\":\"x\",\"size\":1048576,\"value\":$(ls /sys/class/net | grep -c rail),\"unit\":\"MB/s\"}"`
	b := Striping{Impls: []*Impl{scripted(script)}, Progs: map[string]string{}, Rails: []int{1, 3}, Rates: []uint64{1e9},
		Tests: []string{"bandwidth", "bothways"}, Sizes: []string{"1M"}, Runs: 2, Seconds: 0.1,
		Place: func(ctx context.Context, cfg lab.Config) (Setting, func(), error) {
			l := lab.Start(t, cfg)
			return Setting{Lab: l}, func() { l.Close() }, nil
		}}
	rows, err := b.Run(t.Context())
	if err != nil || len(rows) != 4 {
		t.Fatalf("%v: %+v", err, rows)
	}
	for k, want := range []float64{1, 1, 3, 3} {
		if r := rows[k]; r.Median != want || len(r.Values) != 2 || len(r.Rates) != int(want) || r.Size != mebibyte {
			t.Errorf("row %d: %+v", k, r)
		}
	}
}

// A run that hangs or fails is told by the rows of the sizes that it had still to tell of, leaves nothing in the lab of
// the next one, and all others are measured.
func TestStripingGoesOn(t *testing.T) {
	const told = `echo "{\"test\":\"x\",\"size\":1024,\"value\":$(grep -ls ^sleep /proc/[0-9]*/cmdline | wc -l),\"unit\":\"MB/s\"}"`
	const more = `; echo "{\"test\":\"x\",\"size\":2048,\"value\":7,\"unit\":\"MB/s\"}"`
	named := func(name, script string) *Impl { i := scripted(script); i.Name = name; return i }
	labs, held := 0, 0
	b := Striping{Impls: []*Impl{named("hangs", told+"; setsid sleep 600 & sleep 600"), named("fails", told+more+"; exit 3"), named("runs", told+more)},
		Rails: []int{1}, Rates: []uint64{1e9}, Tests: []string{"bandwidth"}, Sizes: []string{"1k", "2k"}, Runs: 2, Seconds: 0.001, Patience: -4 * time.Second,
		Place: func(ctx context.Context, cfg lab.Config) (Setting, func(), error) {
			l := lab.Start(t, cfg)
			labs, held = labs+1, held+1
			return Setting{Lab: l}, func() { held--; l.Close() }, nil
		}}
	rows, err := b.Run(t.Context())
	if err != nil || len(rows) != 6 || labs != 5 || held != 0 {
		t.Fatalf("%v, %d labs, %d of them left: %+v", err, labs, held, rows)
	}
	for k, want := range []struct {
		impl                   string
		size, values, failures int
		hung                   int
		median                 float64
	}{{"hangs", 1024, 2, 0, 0, 0}, {"hangs", 2048, 0, 2, 2, 0}, {"fails", 1024, 2, 0, 0, 0}, {"fails", 2048, 2, 2, 0, 7},
		{"runs", 1024, 2, 0, 0, 0}, {"runs", 2048, 2, 0, 0, 7}} {
		r := rows[k]
		if r.Impl != want.impl || r.Size != want.size || len(r.Values) != want.values || len(r.Failures) != want.failures || r.Hung != want.hung || r.Median != want.median {
			t.Errorf("row %d: %+v, want %+v", k, r, want)
		}
	}
	if s := rows[1].String(); !strings.Contains(s, "2 runs failed, 2 of them hung") || !strings.Contains(s, "hangs, bandwidth over 1 rails: did not end") {
		t.Error(s)
	}
	b.Place = func(context.Context, lab.Config) (Setting, func(), error) {
		if labs++; labs > 6 {
			return Setting{}, nil, errors.New("no room")
		}
		return Setting{Lab: lab.Start(t, lab.Config{Rails: 1})}, func() {}, nil
	}
	if rows, err := b.Run(t.Context()); err == nil || len(rows) != 2 {
		t.Errorf("without a lab for the second run: %v, %+v", err, rows)
	}
}
