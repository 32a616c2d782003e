package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// mostBusy is how much of the processors others may take without a word.
const mostBusy = 0.05

// costMain measures the processor time that a gigabyte takes, beside TCP.
func costMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench cost", pflag.ContinueOnError)
	peers := fs.StringSlice("peers", []string{bench.RainMPI, bench.Insecure}, "implementations: rainmpi, insecure (rainrun --insecure), openmpi, mpich")
	runs := fs.Int("runs", 5, "runs of each")
	seconds := fs.Float64("duration", 3, "how long each is measured, seconds")
	size := fs.String("size", "1M", "size of a message, bytes (k and M are binary)")
	mtu := fs.Int("mtu", 1500, "of the rail")
	asJSON := fs.String("json", "", "write the results to a file as JSON too")
	user := fs.Bool("user-namespace", false, "use a user namespace even as root")
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if *runs < 1 || *seconds < 1 {
		return 2, fmt.Errorf("cost: %d runs of %g s: give 1 of 1 s at least", *runs, *seconds)
	}
	if err := bench.FindIperf(); err != nil {
		return 1, err
	}
	w, remove, err := where.programs(*peers)
	if err != nil {
		return 1, err
	}
	defer remove()
	ctx, stop := untilInterrupted()
	defer stop()
	busy, err := bench.Busy(time.Second, runtime.NumCPU())
	if err != nil {
		return 1, err
	}
	if busy > mostBusy {
		fmt.Printf("note: other work takes %.0f %% of the processors now, and counts as the streams'\n", busy*100)
	}
	b := bench.Costing{Impls: w.impls, Progs: w.progs, Size: *size, Runs: *runs, Seconds: *seconds}
	b.Place = func(ctx context.Context, cfg lab.Config) (bench.Setting, func(), error) {
		cfg.UserNamespace, cfg.MTU = *user, *mtu
		return placeOf(ctx, true, cfg, w.dir)
	}
	costs, err := b.Run(ctx, func(c *bench.Cost) {
		last := len(c.MBps) - 1
		fmt.Printf("  run %d  %-8s %8.0f MB/s  %6.2f s/GB\n", last+1, c.Who, c.MBps[last], c.PerGB[last])
	})
	if ctx.Err() != nil {
		return 1, errors.New("cost: interrupted")
	}
	if err != nil {
		return 1, err
	}
	printCosts(costs)
	if err := writeJSON(*asJSON, costs); err != nil {
		return 1, err
	}
	return 0, nil
}

func printCosts(costs []*bench.Cost) {
	tcp := bench.Median(costs[len(costs)-1].PerGB)
	fmt.Printf("one unshaped rail, processor time of the whole machine, medians of %d runs:\n", len(costs[0].MBps))
	for _, c := range costs {
		perGB := bench.Median(c.PerGB)
		fmt.Printf("  %-8s %8.0f MB/s  %6.2f s/GB  %5.2f times TCP's\n", c.Who, bench.Median(c.MBps), perGB, perGB/tcp)
	}
}
