package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"rainmpi/bench"
)

// profileMain says where the time goes in tests of the C program.
func profileMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench profile", pflag.ContinueOnError)
	tests := fs.StringSlice("tests", []string{"latency"}, "tests of the C program")
	sizes := fs.StringSlice("sizes", []string{"8"}, "message sizes, bytes (k and M are binary)")
	ranks := fs.IntP("ranks", "n", 2, "number of ranks")
	seconds := fs.Float64("duration", 1, "about how long a test takes at one size, seconds")
	between := fs.Bool("lab", false, "between two lab hosts instead of on one; see --rails, --rate, ...")
	impl := fs.String("impl", bench.RainMPI, "rainmpi, or insecure (rainrun --insecure)")
	asJSON := fs.String("json", "", "write the results to a file as JSON too")
	config := labFlags(fs)
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	cfg, err := config()
	if err != nil {
		return 2, err
	}
	if *impl != bench.RainMPI && *impl != bench.Insecure {
		return 2, fmt.Errorf("profile: --impl %s: there are rainmpi and insecure", *impl)
	}
	if err := bench.FindPerf(); err != nil {
		return 1, err
	}
	w, remove, err := where.programs([]string{*impl})
	if err != nil {
		return 1, err
	}
	defer remove()
	ctx, stop := untilInterrupted()
	defer stop()
	place, end, err := placeOf(ctx, *between, cfg, w.dir)
	if err != nil {
		return 1, err
	}
	defer end()
	p := bench.Profiler{Setting: place, Impl: w.impls[0], Prog: w.progs[*impl], Dir: w.dir, Ranks: *ranks, Seconds: *seconds}
	var all []*bench.Profile
	for _, test := range *tests {
		for _, size := range *sizes {
			r, err := p.Run(ctx, test, size)
			if err != nil {
				return 1, err
			}
			all = append(all, r)
			printProfile(r)
		}
	}
	return 0, writeJSON(*asJSON, all)
}

// leastShown is the least part of the time that is printed.
const leastShown = 0.005

func printProfile(p *bench.Profile) {
	fmt.Printf("%s %s: %.4g %s under perf; rank 0's time:\n", p.Test, p.Size, p.Value, p.Unit)
	for _, s := range p.Shares {
		if s.Part >= leastShown {
			fmt.Printf("  %5.1f %%  %s\n", s.Part*100, s.Class)
		}
	}
	fmt.Println("  most of it in")
	for _, s := range p.Top {
		if s.Part >= leastShown {
			fmt.Printf("  %5.1f %%  %s (%s)\n", s.Part*100, s.Name, s.Object)
		}
	}
}
