package bench

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"
)

// A Crowd is one program with as many ranks as there are cores and with more, as the example heat: what do the ranks
// beyond the cores cost? The work is the same.
type Crowd struct {
	Setting   Setting
	Impls     []*Impl
	Progs     map[string]string // by implementation
	Few, Many int               // ranks
	Args      []string
	Runs      int
	Limit     time.Duration // of one run
}

// A Crowded is what an implementation took, in seconds, one per run.
type Crowded struct {
	Impl      string
	Few, Many []float64
}

// Ratio is how much longer the many take, by the medians; 0: not known.
func (c Crowded) Ratio() float64 {
	if len(c.Few) == 0 || len(c.Many) == 0 {
		return 0
	}
	return Median(c.Many) / Median(c.Few)
}

// mostCrowded is how much longer heat may take on four times as many ranks as cores.
const mostCrowded = 1.15

// Bar is what rainmpi is held to.
func (c Crowded) Bar(few, many int) Bar {
	return Bar{What: fmt.Sprintf("heat on %d ranks beside %d", many, few), Value: c.Ratio(), Least: mostCrowded, Unit: "times", Most: true}
}

// Run lets all take turns, with few ranks and with many. A run that fails is told, and leaves a hole.
func (c *Crowd) Run(ctx context.Context, tell io.Writer) []Crowded {
	all := make([]Crowded, len(c.Impls))
	for n, i := range c.Impls {
		all[n].Impl = i.Name
	}
	for run := range c.Runs {
		for turn := range c.Impls {
			n := (run + turn) % len(c.Impls)
			for _, to := range []struct {
				ranks int
				times *[]float64
			}{{c.Few, &all[n].Few}, {c.Many, &all[n].Many}} {
				i := c.Impls[n]
				r, err := Execute(ctx, i.Command(&c.Setting, to.ranks, c.Progs[i.Name], c.Args...), c.Limit, nil)
				took, ok := inSeconds(r.Said)
				switch {
				case ctx.Err() != nil:
					return all
				case err != nil:
					fmt.Fprintf(tell, "run %d of %s, %d ranks: %v\n", run+1, i.Name, to.ranks, err)
				case !ok:
					fmt.Fprintf(tell, "run %d of %s, %d ranks: it did not say how long it took\n", run+1, i.Name, to.ranks)
				default:
					fmt.Fprintf(tell, "run %d of %s, %d ranks: %.2f s\n", run+1, i.Name, to.ranks, took)
					*to.times = append(*to.times, took)
				}
			}
		}
	}
	return all
}

// inSeconds finds how long a program says that it took: "... in 1.23 s".
func inSeconds(lines []string) (seconds float64, ok bool) {
	for _, line := range lines {
		if m := saysSeconds.FindStringSubmatch(line); m != nil {
			v, err := strconv.ParseFloat(m[1], 64)
			seconds, ok = v, err == nil && v > 0
		}
	}
	return seconds, ok
}

var saysSeconds = regexp.MustCompile(` in ([0-9.]+) s\b`)
