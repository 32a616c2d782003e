package bench

import (
	"context"
	"slices"
	"strings"
	"testing"

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
	if bars := StripingBars(rows); missed(rows) != 0 || len(bars) != 6+6+1 {
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
	b.Impls = []*Impl{scripted("exit 3")}
	if _, err := b.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "bandwidth over 1 rails") {
		t.Errorf("a failed run: %v", err)
	}
}
