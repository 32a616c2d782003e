package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
)

// heatMain compares the example heat on as many ranks as there are cores with the same on four times as many.
func heatMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench heat", pflag.ContinueOnError)
	peers := fs.StringSlice("peers", []string{"rainmpi", "openmpi", "mpich"}, "implementations")
	few := fs.Int("few", runtime.NumCPU(), "ranks, of which each has a core; default one for each core")
	fs.Lookup("few").DefValue = ""
	many := fs.Int("many", 0, "ranks that share the cores; default four times as many")
	size := fs.Int("size", 1024, "points along an edge of the plate")
	steps := fs.Int("steps", 2000, "steps, each with an exchange of rows")
	runs := fs.Int("runs", 9, "runs of each implementation with each number of ranks")
	asJSON := fs.String("json", "", "write the results to a file as JSON too")
	where := placeFlags(fs, "examples/heat", "folder of the program")
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if *many == 0 {
		*many = 4 * *few
	}
	if *few < 1 || *many <= *few || *runs < 1 || *steps < 1 || *size < *many {
		return 2, fmt.Errorf("heat: --few %d, --many %d, --size %d, --steps %d, --runs %d: more ranks than few, a row for each, and at least one step and run", *few, *many, *size, *steps, *runs)
	}
	w, remove, err := where.programs(*peers)
	if err != nil {
		return 1, err
	}
	defer remove()
	here, err := setting(nil, w.dir)
	if err != nil {
		return 1, err
	}
	ctx, stop := untilInterrupted()
	defer stop()
	c := bench.Crowd{Setting: here, Impls: w.impls, Progs: w.progs, Few: *few, Many: *many, Runs: *runs, Limit: 5 * time.Minute}
	c.Args = []string{"--size", fmt.Sprint(*size), "--steps", fmt.Sprint(*steps)}
	fmt.Printf("heat, %d x %d points, %d steps, on %d cores; medians of %d interleaved runs\n", *size, *size, *steps, here.Cores, *runs)
	all := c.Run(ctx, os.Stderr)
	fmt.Printf("%-10s %9d ranks %9d ranks   times\n", "", *few, *many)
	missed := 0
	for _, one := range all {
		if one.Ratio() == 0 {
			missed++
			fmt.Printf("%-10s failed\n", one.Impl)
			continue
		}
		fmt.Printf("%-10s %13.2f s %13.2f s   %5.2f\n", one.Impl, bench.Median(one.Few), bench.Median(one.Many), one.Ratio())
	}
	for _, one := range all {
		if one.Impl != bench.RainMPI || one.Ratio() == 0 || *size != 1024 || *many != 4**few {
			continue
		}
		bar := one.Bar(*few, *many)
		fmt.Println(bar)
		if !bar.Passed() {
			missed++
		}
	}
	if err := writeJSON(*asJSON, all); err != nil {
		return 1, err
	}
	if ctx.Err() != nil {
		return 1, errors.New("heat: interrupted")
	}
	if missed > 0 {
		return 1, fmt.Errorf("heat: %d implementations failed or bars were not reached", missed)
	}
	return 0, nil
}
