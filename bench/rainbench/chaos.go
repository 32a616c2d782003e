package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench/chaos"
	"rainmpi/bench/lab"
)

// chaosMain disturbs jobs at random and tells how they end.
func chaosMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench chaos", pflag.ContinueOnError)
	jobs := fs.Int("jobs", 50, "number of jobs")
	seed := fs.Uint64("seed", 1, "of the first job; the next has the next")
	names := fs.StringSlice("kinds", kindNames(), "what is done to them, in turn")
	perHost := fs.Int("per-host", 2, "ranks on each host")
	hostTimeout := fs.Duration("host-timeout", time.Second, "of the jobs")
	verbose := fs.BoolP("verbose", "v", false, "tell of every job")
	config := labFlags(fs)
	prefix := prefixFlag(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	var kinds []*chaos.Kind
	for _, n := range *names {
		k, err := chaos.KindNamed(n)
		if err != nil {
			return 2, fmt.Errorf("%w: there are %s", err, strings.Join(kindNames(), ", "))
		}
		kinds = append(kinds, k)
	}
	cfg, err := config()
	if err != nil {
		return 2, err
	}
	if cfg.Hosts < 2 {
		return 2, fmt.Errorf("chaos: --hosts %d: some kinds of fault need two", cfg.Hosts)
	}
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	l, err := lab.New(ctx, cfg)
	if err != nil {
		return 1, err
	}
	defer l.Close()
	c := chaos.Config{Lab: l, Rainrun: filepath.Join(*prefix, "bin", "rainrun"), Self: self,
		HostTimeout: *hostTimeout, PerHost: *perHost}
	var report chaos.Report
	said := time.Now()
	for i := range uint64(*jobs) {
		s := *seed + i
		kind := kinds[rand.New(rand.NewPCG(s, 1)).IntN(len(kinds))]
		o, err := c.Run(ctx, kind, s)
		if ctx.Err() != nil {
			return 1, fmt.Errorf("chaos: interrupted after %d of %d jobs", i, *jobs)
		}
		if err != nil {
			return 1, err
		}
		report.Add(o)
		tell(o, *verbose)
		if time.Since(said) > 10*time.Second {
			said = time.Now()
			fmt.Printf("  %d of %d jobs, %d wrong\n", report.Trials, *jobs, report.Failed)
		}
	}
	fmt.Printf("\n%d jobs of %d ranks on %d hosts\n", report.Trials, cfg.Hosts**perHost, cfg.Hosts)
	report.Print(os.Stdout)
	if report.Failed > 0 {
		return 1, fmt.Errorf("chaos: %d of %d jobs did not end as they must", report.Failed, report.Trials)
	}
	return 0, nil
}

func tell(o *chaos.Outcome, verbose bool) {
	if len(o.Wrong) == 0 && !verbose {
		return
	}
	fmt.Printf("seed %d, %s (%s): %.3f s\n", o.Seed, o.Kind.Name, o.What, o.Took.Seconds())
	for _, w := range o.Wrong {
		fmt.Printf("    WRONG: %s\n", w)
	}
	for line := range strings.Lines(o.Stderr) {
		fmt.Printf("    | %s", line)
	}
	if len(o.Wrong) > 0 {
		fmt.Printf("    again: rainbench chaos --jobs 1 --seed %d --kinds %s -v\n", o.Seed, o.Kind.Name)
	}
}

func kindNames() []string {
	var names []string
	for _, k := range chaos.Kinds {
		names = append(names, k.Name)
	}
	return names
}
