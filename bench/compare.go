package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// A Comparison is a set of tests that implementations take turns in.
type Comparison struct {
	Setting Setting
	Impls   []*Impl
	Progs   map[string]string // by implementation: the compiled program
	Ranks   int
	Args    []string // of the program
	Runs    int
	Limit   time.Duration // of one run
	Timed   string        // not empty: a row of this name says how long runs took, in seconds
}

// A Row is a test at a size with the values of each implementation.
type Row struct {
	Test   string
	Size   int
	Ranks  int
	Unit   string
	Values map[string][]float64 // by implementation, one per run
	Median map[string]float64
	Wrong  uint64
}

// smaller says whether a smaller value is the better one.
func (r Row) smaller() bool { return r.Unit == "us" || r.Unit == "s" || r.Unit == "KiB" }

// Ratio is how good an implementation is beside the best of the others: 1.2 is
// a fifth better, 0 unknown. Of what is a part already, in per cent, it is by how much the part is larger: 1.2 is 20 points.
func (r Row) Ratio(name string) float64 {
	mine, best := r.Median[name], 0.0
	if r.Unit == "%" {
		return r.points(name)
	}
	for other, v := range r.Median {
		switch {
		case other == name || v == 0:
		case best == 0, r.smaller() && v < best, !r.smaller() && v > best:
			best = v
		}
	}
	if mine == 0 || best == 0 {
		return 0
	}
	if r.smaller() {
		return best / mine
	}
	return mine / best
}

func (r Row) points(name string) float64 {
	mine, ok := r.Median[name]
	best := math.Inf(-1)
	for other, v := range r.Median {
		if other != name {
			best = max(best, v)
		}
	}
	if !ok || math.IsInf(best, -1) {
		return 0
	}
	return max(0.01, 1+(mine-best)/100)
}

// Ours is the implementation among these that is compared with the others; empty: none is.
func Ours(impls []*Impl) string {
	for _, name := range []string{RainMPI, GoAPI} {
		if slices.ContainsFunc(impls, func(i *Impl) bool { return i.Name == name }) {
			return name
		}
	}
	return ""
}

// Run lets the implementations take turns, tells progress, and returns the rows
// in the program's order. A run that fails is told and leaves a hole.
func (c *Comparison) Run(ctx context.Context, tell io.Writer) []Row {
	var rows []Row
	index := map[string]int{}
	for run := range c.Runs {
		for turn := range c.Impls {
			i := c.Impls[(run+turn)%len(c.Impls)] // nobody is always first
			r, err := Execute(ctx, i.Command(&c.Setting, c.Ranks, c.Progs[i.Name], c.Args...), c.Limit, nil)
			if err != nil {
				fmt.Fprintf(tell, "run %d of %s: %v\n", run+1, i.Name, err)
			} else {
				fmt.Fprintf(tell, "run %d of %s: %d results in %.1f s\n", run+1, i.Name, len(r.Results), r.Elapsed.Seconds())
			}
			if c.Timed != "" && err == nil {
				r.Results = append(r.Results, Result{Test: c.Timed, Ranks: c.Ranks, Value: r.Elapsed.Seconds(), Unit: "s"})
			}
			for _, res := range r.Results {
				key := fmt.Sprint(res.Test, res.Size)
				n, ok := index[key]
				if !ok {
					n = len(rows)
					index[key] = n
					rows = append(rows, Row{Test: res.Test, Size: res.Size, Ranks: res.Ranks, Unit: res.Unit,
						Values: map[string][]float64{}, Median: map[string]float64{}})
				}
				rows[n].Values[i.Name] = append(rows[n].Values[i.Name], res.Value)
				rows[n].Wrong += res.Wrong
			}
			if ctx.Err() != nil {
				break
			}
		}
	}
	for _, r := range rows {
		for name, v := range r.Values {
			r.Median[name] = Median(v)
		}
	}
	return rows
}

// Print writes the rows as a table: medians, and our implementation beside the best other.
func Print(w io.Writer, impls []*Impl, rows []Row) {
	fmt.Fprintf(w, "%-10s %9s %-5s", "test", "size", "unit")
	width := 12
	for _, i := range impls {
		width = max(width, len(i.Name))
	}
	for _, i := range impls {
		fmt.Fprintf(w, " %*s %16s", width, i.Name, "least … most")
	}
	mine := Ours(impls)
	if mine != "" {
		fmt.Fprintf(w, "  %s / best other", mine)
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		fmt.Fprintf(w, "%-10s %9s %-5s", r.Test, sizeName(r.Size), r.Unit)
		for _, i := range impls {
			v := r.Values[i.Name]
			if len(v) == 0 {
				fmt.Fprintf(w, " %*s %16s", width, "-", "")
				continue
			}
			lo, hi := slices.MinFunc(v, cmp.Compare), slices.MaxFunc(v, cmp.Compare)
			fmt.Fprintf(w, " %*.4g %16s", width, r.Median[i.Name], fmt.Sprintf("%.3g … %.3g", lo, hi))
		}
		if ratio := r.Ratio(mine); ratio > 0 {
			fmt.Fprintf(w, "  %.2f", ratio)
		}
		if r.Wrong > 0 {
			fmt.Fprintf(w, "  %d WRONG MESSAGES", r.Wrong)
		}
		fmt.Fprintln(w)
	}
}

// Header says what was compared on what.
func (c *Comparison) Header() string {
	var names []string
	for _, i := range c.Impls {
		names = append(names, i.Name)
	}
	where := fmt.Sprintf("one host with %d cores", c.Setting.Cores)
	if l := c.Setting.Lab; l != nil {
		where = fmt.Sprintf("%d lab hosts, %d rails (%s)", len(l.Hosts), len(l.Rails), l.Mode())
		if c.Setting.SSH != nil {
			where += ", started by ssh"
		}
	}
	return fmt.Sprintf("%s; %d ranks on %s; medians of %d interleaved runs", strings.Join(names, ", "), c.Ranks, where, c.Runs)
}
