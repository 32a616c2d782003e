package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// shareMain puts a job on one rail beside a TCP connection, and beside another job.
func shareMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench share", pflag.ContinueOnError)
	peer := fs.String("impl", bench.RainMPI, "whose job: rainmpi, insecure, openmpi or mpich; the bars are rainmpi's")
	congestion := fs.StringSlice("congestion", []string{"cubic", "bbr"}, "the TCP connection's controls of congestion, one after the other")
	seconds := fs.Float64("duration", 30, "how long both are on the rail, seconds")
	rateWord := fs.String("rate", "1gbit", "rate of the rail")
	asJSON := fs.String("json", "", "write the results to a file as JSON too")
	user := fs.Bool("user-namespace", false, "use a user namespace even as root")
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	rate, err := lab.ParseRate(*rateWord)
	if err != nil {
		return 2, err
	}
	switch {
	case rate == 0:
		return 2, errors.New("share: a rail without a rate has no parts: give --rate")
	case *seconds < 2:
		return 2, fmt.Errorf("share: --duration %g: give 2 seconds at least: the first is not counted", *seconds)
	}
	if err := bench.FindIperf(); err != nil {
		return 1, err
	}
	w, remove, err := where.programs([]string{*peer})
	if err != nil {
		return 1, err
	}
	defer remove()
	ctx, stop := untilInterrupted()
	defer stop()
	b := bench.Sharing{Impl: w.impls[0], Prog: w.progs[*peer], Rate: rate, Seconds: *seconds}
	b.Place = func(ctx context.Context, cfg lab.Config) (bench.Setting, func(), error) {
		cfg.UserNamespace = *user
		return placeOf(ctx, true, cfg, w.dir)
	}
	var rows []*bench.Shared
	missed := 0
	add := func(s *bench.Shared, err error) error {
		if ctx.Err() != nil {
			return errors.New("share: interrupted")
		}
		if err != nil {
			return err
		}
		rows = append(rows, s)
		fmt.Printf("%s %.1f MB/s, %s %.1f MB/s\n", s.What[0], s.MBps[0], s.What[1], s.MBps[1])
		for _, bar := range s.Bars() {
			fmt.Println(bar)
			if !bar.Passed() && *peer == bench.RainMPI {
				missed++
			}
		}
		return nil
	}
	for _, c := range *congestion {
		if err := add(b.BesideTCP(ctx, c)); err != nil {
			return 1, err
		}
	}
	if err := add(b.TwoJobs(ctx)); err != nil {
		return 1, err
	}
	if err := writeJSON(*asJSON, rows); err != nil {
		return 1, err
	}
	if missed > 0 {
		return 1, fmt.Errorf("share: %d bars not reached", missed)
	}
	return 0, nil
}
