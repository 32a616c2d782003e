package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// stripingFlags are those of rainbench rails --rails.
func stripingFlags(fs *pflag.FlagSet) func(b bench.Striping, peers []string, user bool, where places, asJSON string) (int, error) {
	rails := fs.IntSlice("rails", nil, "measure how full so many rails are, 1 to 8, instead: 1,2,4")
	rates := fs.StringSlice("rate", []string{"1gbit"}, "with --rails: rate of every rail, or of each: 1gbit,100mbit")
	tests := fs.StringSlice("tests", []string{"bandwidth", "bothways", "latency"}, "with --rails: tests")
	sizes := fs.StringSlice("sizes", []string{"1M"}, "with --rails: message sizes, bytes (k and M are binary)")
	return func(b bench.Striping, peers []string, user bool, where places, asJSON string) (int, error) {
		b.Rails, b.Tests, b.Sizes = *rails, *tests, *sizes
		b.OnRow = func(s *bench.Striped) { fmt.Println(s) }
		for _, w := range *rates {
			r, err := lab.ParseRate(w)
			if err != nil {
				return 2, err
			}
			b.Rates = append(b.Rates, r)
		}
		if err := b.Check(); err != nil {
			return 2, err
		}
		return stripe(&b, peers, user, where, asJSON)
	}
}

func stripe(b *bench.Striping, peers []string, user bool, where places, asJSON string) (int, error) {
	ctx, stop := untilInterrupted()
	defer stop()
	w, remove, err := where.programs(peers)
	if err != nil {
		return 1, err
	}
	defer remove()
	b.Impls, b.Progs = w.impls, w.progs
	b.Place = func(ctx context.Context, cfg lab.Config) (bench.Setting, func(), error) {
		cfg.UserNamespace = user
		return placeOf(ctx, true, cfg, w.dir)
	}
	rows, err := b.Run(ctx)
	if ctx.Err() != nil {
		return 1, errors.New("rails: interrupted")
	}
	if err := errors.Join(err, writeJSON(asJSON, rows)); err != nil {
		return 1, err
	}
	missed := 0
	for _, bar := range bench.StripingBars(rows) {
		fmt.Println(bar)
		if !bar.Passed() {
			missed++
		}
	}
	if missed > 0 {
		return 1, fmt.Errorf("rails: %d bars not reached", missed)
	}
	return 0, nil
}
