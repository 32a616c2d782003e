package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/mpi"
)

// Collectives that have more than one algorithm and a test in bench/c.
var chosenColls = []string{"barrier", "bcast", "gather", "scatter", "allgather", "alltoall", "reduce",
	"allreduce", "reduce_scatter_block"}

// algorithmsMain lets the algorithms of each collective take turns. It is the
// measurement behind the table of mpi/internal/coll/select.go.
func algorithmsMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench algorithms", pflag.ContinueOnError)
	which := fs.StringSlice("coll", chosenColls, "collectives")
	sizes := fs.StringSlice("sizes", []string{"8", "1k", "8k", "64k", "512k"}, "message sizes, bytes (k and M are binary)")
	ranks := fs.IntP("ranks", "n", 4, "number of ranks")
	runs := fs.Int("runs", 3, "runs of each algorithm")
	seconds := fs.Float64("duration", 0.1, "about how long a test takes at one size, seconds")
	between := fs.Bool("lab", false, "between lab hosts instead of on one; see --hosts, --rails, --rate, ...")
	config := labFlags(fs)
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	for _, name := range *which {
		if mpi.Algorithms(name) == nil {
			return 2, fmt.Errorf("algorithms: no collective %q: there are %s", name, strings.Join(chosenColls, ", "))
		}
	}
	cfg, err := config()
	if err != nil {
		return 2, err
	}
	w, remove, err := where.programs([]string{bench.RainMPI})
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
	c := bench.Comparison{Setting: place, Progs: map[string]string{}, Ranks: *ranks, Runs: *runs}
	for _, name := range *which {
		c.Impls = nil
		for _, a := range mpi.Algorithms(name) {
			c.Impls = append(c.Impls, w.impls[0].With(a, "RAIN_COLL="+name+":"+a))
			c.Progs[a] = w.progs[bench.RainMPI]
		}
		c.Args = []string{"-t", name, "-s", strings.Join(*sizes, ","), "-d", fmt.Sprint(*seconds)}
		c.Limit = limit(1, len(*sizes), *seconds)
		fmt.Printf("\n%s: %s\n", name, c.Header())
		rows := c.Run(ctx, os.Stderr)
		bench.Print(os.Stdout, c.Impls, rows)
		if len(rows) == 0 || ctx.Err() != nil {
			return 1, errors.New("algorithms: no run succeeded")
		}
	}
	return 0, nil
}
