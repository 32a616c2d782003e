// Hpcc runs HPCC 1.5.0, a benchmark that others wrote, on two lab hosts with two
// rails of 1 Gbit/s while the rails fail: one is cut for 3 s and repaired, then
// the other swallows all frames for 3 s. Or all are cut for as long as --total says.
// With --here it runs on this machine, where nothing fails.
//
// HPCC comes from Debian's source package hpcc, as its authors wrote it; what
// this project adds is its Make.arch file. HPCC checks its own results (HPL's
// and PTRANS's residuals, RandomAccess's table, the FFT's error); this program
// looks for each of these checks, sees to it that both faults fell inside the
// run, and asks the lab's counters whether each rail carried its share.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

type options struct {
	prefix, cache string
	order         int
	ranks         int
	limit         time.Duration
	cut, hole     time.Duration
	total         time.Duration
	healthy, here bool
}

func main() {
	o := &options{}
	pflag.StringVar(&o.prefix, "prefix", "build", "where rainmpi is built or installed")
	pflag.StringVar(&o.cache, "cache", "build/hpcc-1.5.0", "where HPCC is fetched to, built and run")
	pflag.IntVar(&o.order, "order", 1600, "order of the matrices; every other size follows from it")
	pflag.IntVarP(&o.ranks, "ranks", "n", 4, "number of ranks: 2 or 4")
	pflag.DurationVar(&o.limit, "limit", 10*time.Minute, "the run is ended after this time")
	pflag.DurationVar(&o.cut, "cut", 6*time.Second, "when rail1 is cut, after the start")
	pflag.DurationVar(&o.hole, "hole", 12*time.Second, "when rail2 begins to swallow frames")
	pflag.DurationVar(&o.total, "total", 0, "instead of both: cut all rails at the time of --cut for so long")
	pflag.BoolVar(&o.healthy, "healthy", false, "break nothing")
	pflag.BoolVar(&o.here, "here", false, "run on this machine, without lab hosts")
	pflag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := hpcc(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "hpcc:", err)
		stop()
		os.Exit(1)
	}
}

func hpcc(ctx context.Context, o *options) error {
	if o.here && o.total > 0 {
		return errors.New("--total cuts the rails of lab hosts: it does not go with --here")
	}
	prefix, err := filepath.Abs(o.prefix)
	if err != nil {
		return err
	}
	cache, err := filepath.Abs(o.cache)
	if err != nil {
		return err
	}
	prog, err := build(ctx, prefix, cache)
	if err != nil {
		return err
	}
	r, err := run(ctx, o, prefix, cache, prog)
	if err != nil {
		return err
	}
	return r.report(os.Stdout, o)
}
