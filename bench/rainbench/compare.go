package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// Tests and sizes of pt2pt and coll where the command line names none.
var (
	pt2ptTests = []string{"latency", "bandwidth", "bothways", "rate"}
	collTests  = []string{"barrier", "bcast", "allreduce", "allgather", "alltoall"}
	someSizes  = []string{"8", "1k", "64k", "1M"}
)

// moreTests are those beside the default ones.
var moreTests = map[string]string{
	"pt2pt": "; there are put, get (one and a flush), puts, gets (many), exchange and overlap (how much of an exchange hides behind computing), threads (all pairs of --threads threads) and beside (one pair while another one moves 64 MiB) too, which run unbound",
	"coll":  "; there are reduce, gather, scatter, reduce_scatter_block too",
}

func pt2ptMain(args []string) (int, error) { return compareMain("pt2pt", pt2ptTests, args) }
func collMain(args []string) (int, error)  { return compareMain("coll", collTests, args) }

// places are the flags that say where things are built and run.
type places struct {
	prefix, src, work *string
}

// benchFlags are those of commands that run the C benchmark program, placeFlags of one that runs another.
func benchFlags(fs *pflag.FlagSet) places {
	return placeFlags(fs, "bench/c", "folder of the C benchmark program")
}

func placeFlags(fs *pflag.FlagSet, src, what string) places {
	return places{
		prefix: prefixFlag(fs),
		src:    fs.String("src", src, what),
		work:   fs.String("work", "", "folder for compiled programs; default a temporary one"),
	}
}

// prefixFlag is where the commands under test are: by default where this program is, build/bin/rainbench. The
// manual does not tell that folder: it is written before rainbench is installed.
func prefixFlag(fs *pflag.FlagSet) *string {
	prefix := "build"
	if exe, err := os.Executable(); err == nil {
		prefix = filepath.Dir(filepath.Dir(exe))
	}
	p := fs.String("prefix", prefix, "where rainmpi is built or installed (bin/mpicc, bin/rainrun); default: where this rainbench is")
	fs.Lookup("prefix").DefValue = ""
	return p
}

// workDir makes the folder for compiled programs.
func (p places) workDir() (dir string, remove func(), err error) {
	if *p.work != "" {
		return *p.work, func() {}, os.MkdirAll(*p.work, 0o755)
	}
	dir, err = os.MkdirTemp("", "rainbench-")
	return dir, func() { os.RemoveAll(dir) }, err
}

// programs are the C program, compiled once for each implementation.
type programs struct {
	impls []*bench.Impl
	progs map[string]string // by the name of the implementation
	dir   string            // where they are
}

// programs compiles them; remove takes them away.
func (p places) programs(names []string) (w programs, remove func(), err error) {
	if w.impls, err = bench.Find(names, *p.prefix); err != nil {
		return w, nil, err
	}
	if w.dir, remove, err = p.workDir(); err != nil {
		return w, nil, err
	}
	w.progs = map[string]string{}
	for _, i := range w.impls {
		if w.progs[i.Name], err = i.Compile(*p.src, w.dir); err != nil {
			remove()
			return w, nil, err
		}
	}
	return w, remove, nil
}

// placeOf makes the lab, or takes this machine; end removes it.
func placeOf(ctx context.Context, between bool, cfg lab.Config, dir string) (s bench.Setting, end func(), err error) {
	var l *lab.Lab
	end = func() {}
	if between {
		if l, err = lab.New(ctx, cfg); err != nil {
			return s, end, err
		}
		end = func() { l.Close() }
	}
	s, err = setting(l, dir)
	return s, end, err
}

// limit is how long a run of so many tests at so many sizes may take: calibration
// takes a few times the duration; a machine with more ranks than cores, long.
func limit(tests, sizes int, seconds float64) time.Duration {
	return time.Duration(float64(tests*sizes)*(seconds*5+3)*float64(time.Second)) + 20*time.Second
}

// setting describes the lab l, or this machine where l is nil. A launcher that
// knows rsh only is given a script that hands its words to this program.
func setting(l *lab.Lab, dir string) (bench.Setting, error) {
	s := bench.Setting{Cores: runtime.NumCPU(), Lab: l}
	if l == nil {
		return s, nil
	}
	exe, err := os.Executable()
	if err != nil {
		return s, err
	}
	s.Rsh = filepath.Join(dir, "lab-rsh")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' lab rsh \"$@\"\n", strings.ReplaceAll(exe, "'", `'\''`))
	return s, os.WriteFile(s.Rsh, []byte(script), 0o755)
}

func compareMain(name string, tests, args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench "+name, pflag.ContinueOnError)
	peers := fs.StringSlice("peers", []string{"rainmpi", "openmpi", "mpich"}, "implementations")
	which := fs.StringSlice("tests", tests, "tests of the C program"+moreTests[name])
	sizes := fs.StringSlice("sizes", someSizes, "message sizes, bytes (k and M are binary)")
	ranks := fs.IntP("ranks", "n", 2, "number of ranks")
	runs := fs.Int("runs", 5, "runs of each implementation")
	seconds := fs.Float64("duration", 0.2, "about how long a test takes at one size, seconds")
	threads := fs.Int("threads", 2, "threads of a rank in the test threads")
	check := fs.Bool("check", false, "fill and check messages, those of latency, bandwidth, bothways and rate after the time is taken")
	between := fs.Bool("lab", false, "between two lab hosts instead of on one; see --rails, --rate, ...")
	asJSON := fs.String("json", "", "write the results to a file as JSON too")
	stored := baselineFlags(fs)
	config := labFlags(fs)
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if err := stored.check(name); err != nil {
		return 2, err
	}
	cfg, err := config()
	if err != nil {
		return 2, err
	}
	w, remove, err := where.programs(*peers)
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
	place.Threads = slices.ContainsFunc(*which, func(test string) bool { return test == "threads" || test == "beside" })
	c := bench.Comparison{Setting: place, Impls: w.impls, Progs: w.progs, Ranks: *ranks, Runs: *runs}
	c.Args = []string{"-t", strings.Join(*which, ","), "-s", strings.Join(*sizes, ","), "-d", fmt.Sprint(*seconds), "-n", fmt.Sprint(*threads)}
	if *check {
		c.Args = append(c.Args, "-c")
	}
	c.Limit = limit(len(*which), len(*sizes), *seconds)
	fmt.Println(c.Header())
	rows := c.Run(ctx, os.Stderr)
	bench.Print(os.Stdout, w.impls, rows)
	if len(rows) == 0 {
		return 1, errors.New("no run succeeded")
	}
	if err := writeJSON(*asJSON, rows); err != nil {
		return 1, err
	}
	return 0, stored.beside(placeName(place), bench.Ours(w.impls), rows)
}

// placeName is a setting's in a baseline.
func placeName(s bench.Setting) string {
	switch {
	case s.Lab == nil:
		return "one host"
	case s.SSH != nil:
		return "hosts by ssh"
	}
	return "two hosts"
}

// A baseline is the file with which ratios are compared, or in which they are stored.
type baseline struct {
	file   *string
	update *bool
}

func baselineFlags(fs *pflag.FlagSet) baseline {
	return baseline{
		file:   fs.String("baseline", "", "compare the ratios with those of a file, and fail where one has become worse"),
		update: fs.Bool("update", false, "store the ratios in the file of --baseline instead"),
	}
}

func (b baseline) check(name string) error {
	if *b.update && *b.file == "" {
		return fmt.Errorf("%s: --update stores ratios in the file of --baseline: name one", name)
	}
	return nil
}

// beside compares the ratios of rows that were measured in a place, or stores them.
func (b baseline) beside(place, mine string, rows []bench.Row) error {
	if *b.file == "" {
		return nil
	}
	stored, err := bench.OpenBaseline(*b.file)
	if err != nil {
		return err
	}
	if *b.update {
		return stored.Update(place, mine, rows)
	}
	worse := stored.Compare(place, mine, rows)
	for _, line := range worse {
		fmt.Println("worse ", line)
	}
	if len(worse) > 0 {
		return fmt.Errorf("%d rows are worse than in %s", len(worse), *b.file)
	}
	return nil
}
