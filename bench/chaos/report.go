package chaos

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// A Report gathers outcomes by kind.
type Report struct {
	took   map[string][]time.Duration
	bound  map[string]time.Duration
	wrong  map[string]int
	Failed int // trials in which something was wrong
	Trials int
}

// Add takes an outcome.
func (r *Report) Add(o *Outcome) {
	if r.took == nil {
		r.took, r.bound, r.wrong = map[string][]time.Duration{}, map[string]time.Duration{}, map[string]int{}
	}
	r.Trials++
	r.took[o.Kind.Name] = append(r.took[o.Kind.Name], o.Took)
	r.bound[o.Kind.Name] = max(r.bound[o.Kind.Name], o.Bound)
	if len(o.Wrong) > 0 {
		r.wrong[o.Kind.Name]++
		r.Failed++
	}
}

// Print writes one line per kind: from the fault to the end on all hosts; of
// kinds that the job lives through, from SIGTERM.
func (r *Report) Print(w io.Writer) {
	fmt.Fprintf(w, "%-16s %7s %9s %9s %9s %9s %7s\n", "what", "trials", "median", "p99", "worst", "bar", "wrong")
	for _, k := range Kinds {
		v := r.took[k.Name]
		if len(v) == 0 {
			continue
		}
		slices.Sort(v)
		at := func(q float64) float64 { return v[min(int(q*float64(len(v))), len(v)-1)].Seconds() }
		fmt.Fprintf(w, "%-16s %7d %7.3f s %7.3f s %7.3f s %7.3f s %7d\n",
			k.Name, len(v), at(0.5), at(0.99), at(1), r.bound[k.Name].Seconds(), r.wrong[k.Name])
	}
}
