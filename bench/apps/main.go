// Apps builds programs that nobody here wrote, with the project's mpicc and as
// their authors left them, and runs their own checks under rainrun: on this
// machine, and on two lab hosts with two rails, of which one after the other is
// cut for a moment at a random time.
//
// The sources are the original tarballs of Debian's source packages fftw3 and
// pnetcdf; nothing of them is kept in this project. HPCC has a command of its own
// (bench/hpcc), as it prints figures that are worth reading.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

type options struct {
	prefix, cache string
	only, places  []string
	limit         time.Duration
}

func main() {
	o := &options{}
	pflag.StringVar(&o.prefix, "prefix", "build", "where rainmpi is built or installed")
	pflag.StringVar(&o.cache, "cache", "build/apps", "where the programs are fetched to and built, and where the logs are")
	pflag.StringSliceVar(&o.only, "only", names(apps), "the programs")
	pflag.StringSliceVar(&o.places, "places", places, "where their checks run: on this machine, on two lab hosts")
	pflag.DurationVar(&o.limit, "limit", time.Hour, "a check is ended after this time")
	pflag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "apps:", err)
		stop()
		os.Exit(1)
	}
}

func names(apps []app) (all []string) {
	for _, a := range apps {
		all = append(all, a.name)
	}
	return all
}

// among is an error if something is asked for that is not there.
func among(what string, asked, there []string) error {
	for _, name := range asked {
		if !slices.Contains(there, name) {
			return fmt.Errorf("no %s %q: there are %s", what, name, strings.Join(there, ", "))
		}
	}
	return nil
}

// run builds and checks what is asked for and prints a verdict for each check in
// each place, at its end and all again at the end of all. It goes on after a failure.
func run(ctx context.Context, o *options) error {
	if err := among("program", o.only, names(apps)); err != nil {
		return err
	}
	if err := among("place", o.places, places); err != nil {
		return err
	}
	prefix, err := filepath.Abs(o.prefix)
	if err != nil {
		return err
	}
	cache, err := filepath.Abs(o.cache)
	if err != nil {
		return err
	}
	var results []*result
	for _, a := range apps {
		if slices.Contains(o.only, a.name) {
			results = append(results, a.buildAndCheck(ctx, o, prefix, filepath.Join(cache, a.name))...)
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
	}
	failed := 0
	fmt.Println()
	for _, r := range results {
		fmt.Println(r)
		if r.err != nil {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d failed; the logs are in %s", failed, len(results), cache)
	}
	return nil
}

func (a app) buildAndCheck(ctx context.Context, o *options, prefix, dir string) (results []*result) {
	b, unlock, err := a.build(ctx, prefix, dir)
	if err != nil {
		return []*result{{what: a.name + " build", err: err}}
	}
	defer unlock()
	for _, place := range o.places {
		results = append(results, b.checkAt(ctx, place, o.limit)...)
	}
	return results
}
