package main

import (
	"context"
	"slices"
	"strings"

	"rainmpi/mpi"
)

// choices are values of RAIN_COLL which together force every algorithm that there is: each
// names one for every collective, and those with fewer than others begin again.
func choices() []string {
	var all []string
	for n, more := 0, true; more; n++ {
		var items []string
		more = false
		for _, c := range mpi.Collectives() {
			names := mpi.Algorithms(c)
			items = append(items, c+":"+names[n%len(names)])
			more = more || n+1 < len(names)
		}
		all = append(all, strings.Join(items, ","))
	}
	return all
}

// forced runs an entry that has passed with every choice of algorithms, as MPICH's own script does with those
// of MPICH, and returns the pass, or the first run that is none. Algorithms that need several hosts need a lab:
// elsewhere the call takes another.
func (s *suite) forced(ctx context.Context, e *entry, o *options, p *place, pass *result) *result {
	for _, choice := range choices() {
		if ctx.Err() != nil {
			break
		}
		with := *e
		with.env = append(slices.Clone(e.env), "RAIN_COLL="+choice)
		r := s.runCut(ctx, &with, o.limit, p)
		r.took += pass.took
		if r.entry = e; r.verdict != passed {
			r.reason = "with RAIN_COLL=" + choice + ": " + r.reason
			return r
		}
		pass = r
	}
	return pass
}
