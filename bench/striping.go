package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rainmpi/bench/lab"
)

// A Striping measures how full rails are, for several numbers of them. The
// implementations take turns, run by run.
type Striping struct {
	Impls   []*Impl
	Progs   map[string]string // by implementation: the compiled program
	Rails   []int             // numbers of rails
	Rates   []uint64          // bits per second of the first rail, the second, ...; one: of all
	Tests   []string          // of bandwidth, bothways, latency
	Sizes   []string
	Runs    int
	Seconds float64 // about how long a test takes at one size
	// Patience is how much longer than planned a run may take before it counts as hung.
	Patience time.Duration

	// Place makes the lab for a number of rails.
	Place func(context.Context, lab.Config) (s Setting, end func(), err error)
	// OnRow is told each row when it is complete; may be nil.
	OnRow func(*Striped)
}

// A Striped is one implementation's figure for one test, size and number of rails.
type Striped struct {
	Impl   string    `json:"implementation"`
	Rails  int       `json:"rails"`
	Rates  []uint64  `json:"rates"` // bit/s
	Test   string    `json:"test"`
	Size   int       `json:"size"`
	Unit   string    `json:"unit"`
	Values []float64 `json:"values"` // by run
	Median float64   `json:"median"`
	Wrong  uint64    `json:"wrong"`
	// Least is the least that any rail carried, beside its part of the sum of the
	// rates, in any run.
	Least float64 `json:"least_share"`
	// Failures are of runs that failed or hung at this size, or before they came to it.
	Failures []string `json:"failures,omitempty"`
	Hung     int      `json:"hung"` // of them
}

// line is what the rails can carry in the directions of the test, MB/s.
func (s *Striped) line() float64 {
	sum := 0.0
	for _, r := range s.Rates {
		sum += float64(r) / 8e6
	}
	if s.Test == "bothways" {
		sum *= 2
	}
	return sum
}

// ratesOf are those of the first n rails.
func (b *Striping) ratesOf(n int) ([]uint64, error) {
	switch {
	case n < 1 || n > 8:
		return nil, fmt.Errorf("rails: %d rails: give 1 to 8", n)
	case len(b.Rates) == 1:
		return slices.Repeat(b.Rates, n), nil
	case len(b.Rates) < n:
		return nil, fmt.Errorf("rails: %d rates for %d rails: give one, or one for each", len(b.Rates), n)
	}
	return b.Rates[:n], nil
}

// Check says what cannot be measured before anything is.
func (b *Striping) Check() error {
	for _, n := range b.Rails {
		if _, err := b.ratesOf(n); err != nil {
			return err
		}
	}
	for _, t := range b.Tests {
		if t != "bandwidth" && t != "bothways" && t != "latency" {
			return fmt.Errorf("rails: no test %q: there are bandwidth, bothways, latency", t)
		}
	}
	for _, word := range b.Sizes {
		if _, err := Bytes(word); err != nil {
			return err
		}
	}
	for _, r := range b.Rates {
		if r == 0 {
			return fmt.Errorf("rails: a rail without a rate has no line to be beside; rainbench pt2pt --lab measures it")
		}
	}
	return nil
}

// Run measures all. A run that fails or hangs is told by its rows, and the next one
// goes on; without a place to run in, it returns what it has.
func (b *Striping) Run(ctx context.Context) (rows []Striped, err error) {
	for _, n := range b.Rails {
		more, err := b.number(ctx, n)
		rows = append(rows, more...)
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (b *Striping) number(ctx context.Context, n int) ([]Striped, error) {
	rates, err := b.ratesOf(n)
	if err != nil {
		return nil, err
	}
	cfg := lab.Config{Rails: n, Rates: rates}
	place, end, err := b.Place(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { end() }()
	t := stripedTable{Striping: b, rates: rates, at: map[string]int{}}
	for range b.Runs {
		for _, i := range b.Impls {
			for _, test := range b.Tests {
				run, least, err := b.once(ctx, &place, rates, i, test)
				if ctx.Err() != nil {
					return nil, err
				}
				t.take(i.Name, test, run.Results, least, err)
				if err == nil {
					continue
				}
				// What has hung may go on in its lab, in the way of who comes next.
				end()
				if place, end, err = b.Place(ctx, cfg); err != nil {
					end = func() {}
					return t.done(), err
				}
			}
		}
	}
	return t.done(), nil
}

// once runs one test at all sizes. What a run that fails has told is returned too.
func (b *Striping) once(ctx context.Context, s *Setting, rates []uint64, i *Impl, test string) (Run, float64, error) {
	shares := s.Shares()
	cmd := i.Command(s, 2, b.Progs[i.Name], "-t", test, "-s", strings.Join(b.Sizes, ","), "-c", "-d", fmt.Sprint(b.Seconds))
	run, err := Execute(ctx, cmd, seconds(float64(len(b.Sizes))*(b.Seconds*8+3))+b.Patience, nil)
	if err != nil {
		err = fmt.Errorf("%s, %s over %d rails: %w", i.Name, test, len(rates), err)
	}
	return run, leastShare(shares(), rates), err
}

// A stripedTable is the rows of one number of rails, as runs fill them.
type stripedTable struct {
	*Striping
	rates []uint64
	rows  []Striped
	at    map[string]int // by implementation, test and size
}

func (t *stripedTable) row(impl, test string, size int) *Striped {
	key := fmt.Sprint(impl, test, size)
	if _, ok := t.at[key]; !ok {
		t.at[key] = len(t.rows)
		t.rows = append(t.rows, Striped{Impl: impl, Rails: len(t.rates), Rates: t.rates, Test: test, Size: size, Least: 1})
	}
	return &t.rows[t.at[key]]
}

// take adds what a run has told, and its failure to the sizes that it had still to
// tell of: to the last one, if it only did not end.
func (t *stripedTable) take(impl, test string, results []Result, least float64, err error) {
	for _, r := range results {
		row := t.row(impl, test, r.Size)
		row.Unit, row.Values, row.Wrong, row.Least = r.Unit, append(row.Values, r.Value), row.Wrong+r.Wrong, min(row.Least, least)
	}
	if err == nil {
		return
	}
	for _, word := range t.Sizes[min(len(results), len(t.Sizes)-1):] {
		size, _ := Bytes(word) // Check has read it
		row := t.row(impl, test, size)
		row.Failures = append(row.Failures, err.Error())
		if errors.Is(err, ErrTimeout) {
			row.Hung++
		}
	}
}

// done completes the rows.
func (t *stripedTable) done() []Striped {
	for k := range t.rows {
		row := &t.rows[k]
		if len(row.Values) > 0 {
			row.Median = Median(row.Values)
		} else {
			row.Least = 0
		}
		if t.OnRow != nil {
			t.OnRow(row)
		}
	}
	return t.rows
}

// leastShare is the least part of what was sent that a rail carried, beside its
// part of the sum of the rates.
func leastShare(shares []float64, rates []uint64) float64 {
	sum := 0.0
	for _, r := range rates {
		sum += float64(r)
	}
	least := 1.0
	for k, s := range shares {
		least = min(least, s/(float64(rates[k])/sum))
	}
	return least
}

const mebibyte = 1 << 20

// StripingBars are what rainmpi has to reach with messages of 1 MiB and more.
func StripingBars(rows []Striped) (bars []Bar) {
	latency := map[int]float64{}
	for k := range rows {
		s := &rows[k]
		if s.Impl != RainMPI {
			continue
		}
		what := fmt.Sprintf("%d rails, %s, %d bytes", s.Rails, s.Test, s.Size)
		bars = append(bars, Bar{What: what + ": wrong messages", Value: float64(s.Wrong), Most: true},
			Bar{What: what + ": runs that failed or hung", Value: float64(len(s.Failures)), Most: true})
		switch {
		case s.Size < mebibyte:
		case s.Test == "latency":
			if s.Size == mebibyte && allEqual(s.Rates) {
				latency[s.Rails] = s.Median
			}
		default:
			least := map[string]float64{"bandwidth": 0.92, "bothways": 0.88}[s.Test]
			if !allEqual(s.Rates) {
				least = 0.90
			}
			bars = append(bars, Bar{What: what + ", beside the line rate", Value: s.Median / s.line(), Least: least, Unit: "times"},
				Bar{What: what + ", least share of a rail", Value: s.Least, Least: 0.8, Unit: "times"})
		}
	}
	if one, two := latency[1], latency[2]; one > 0 && two > 0 {
		bars = append(bars, Bar{What: "latency of 1 MiB over 2 rails, beside 1", Value: two / one, Least: 0.55, Unit: "times", Most: true})
	}
	return bars
}

func allEqual(rates []uint64) bool {
	return !slices.ContainsFunc(rates, func(r uint64) bool { return r != rates[0] })
}

// String is one line of the table.
func (s *Striped) String() string {
	text := fmt.Sprintf("%-8s %d rails  %-10s %9d bytes  %10.1f %s", s.Impl, s.Rails, s.Test, s.Size, s.Median, s.Unit)
	if s.Test != "latency" && len(s.Values) > 0 {
		text += fmt.Sprintf("  %5.2f of the line rate; least share of a rail %.2f", s.Median/s.line(), s.Least)
	}
	if n := len(s.Failures); n > 0 {
		why, _, _ := strings.Cut(s.Failures[n-1], "\n")
		text += fmt.Sprintf("  %d runs failed, %d of them hung; the last: %s", n, s.Hung, why)
	}
	return text
}
