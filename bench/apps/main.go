// Apps builds programs that nobody here wrote, with the project's mpicc and as
// their authors left them, and runs their own checks: on this machine, and on two
// lab hosts with two rails, each of which is cut for a moment again and again.
//
// The sources are Debian's source packages fftw3 and pnetcdf; nothing of them is
// kept in this project. HPCC has a command of its own (bench/hpcc), as it prints
// figures that are worth reading.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench/lab"
)

type options struct {
	prefix, cache string
	only, places  []string
	limit         time.Duration
}

// The places where checks run.
const (
	here    = "one host"
	twoHost = "two hosts"
)

func main() {
	o := &options{}
	pflag.StringVar(&o.prefix, "prefix", "build", "where rainmpi is built or installed")
	pflag.StringVar(&o.cache, "cache", "build/apps", "where the programs are fetched to and built")
	pflag.StringSliceVar(&o.only, "only", nil, "some of the programs (default: all)")
	pflag.StringSliceVar(&o.places, "places", []string{here, twoHost}, "where their checks run")
	pflag.DurationVar(&o.limit, "limit", 30*time.Minute, "the checks of a program in a place are ended after this time")
	pflag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "apps:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	prefix, err := filepath.Abs(o.prefix)
	if err != nil {
		return err
	}
	cache, err := filepath.Abs(o.cache)
	if err != nil {
		return err
	}
	var failed error
	for _, a := range apps {
		if len(o.only) > 0 && !slices.Contains(o.only, a.name) {
			continue
		}
		b, err := a.build(ctx, prefix, filepath.Join(cache, a.name))
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		for _, place := range o.places {
			start := time.Now()
			err := b.check(ctx, place, o.limit)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			verdict := "all of its checks passed"
			if err != nil {
				verdict = err.Error()
				failed = errors.Join(failed, fmt.Errorf("%s on %s: %w", a.name, place, err))
			}
			fmt.Printf("%-8s on %s: %s (%.0f s)\n", a.name, place, verdict, time.Since(start).Seconds())
		}
	}
	return failed
}

// check runs the checks of a program in a place.
func (b *built) check(ctx context.Context, place string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	switch place {
	case here:
		return b.runChecks(ctx, nil)
	case twoHost:
		l, err := lab.New(ctx, lab.Config{})
		if err != nil {
			return err
		}
		defer l.Close()
		return b.runChecks(ctx, l)
	}
	return fmt.Errorf("the places are %q and %q", here, twoHost)
}
