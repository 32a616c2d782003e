// Conformance runs the C tests of MPICH 4.0.2 on rainmpi: tests that others
// wrote for another library.
//
// The suite comes from Debian's source package mpich (folder test/mpi); nothing
// of it is kept in this project. It is configured and built with the project's
// own mpicc, and every entry of its testlists is run under rainrun by the
// entry's own rules. Each verdict goes to a table with its reason. What is known
// to pass stands in expected.tsv, and why the others do not in failing.tsv and
// leftout.tsv; any other entry that does not pass is a failure of the run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench/debsrc"
)

// folders are those of the suite's whose programs are in C and use nothing that is MPICH's alone.
var folders = []string{"attr", "coll", "comm", "datatype", "errhan", "errors", "group", "info", "init", "io",
	"mpi_t", "part", "pt2pt", "rma", "spawn", "threads", "topo"}

type options struct {
	prefix, cache, expected, verdicts string
	leftOut, failing                  string
	dirs                              []string
	match                             string
	jobs, sample, repeat              int
	limit                             time.Duration
	update, noBuild, asTests, lab     bool
	algorithms, pools                 bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ok, err := run(ctx, flags())
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
	}
	if !ok || err != nil {
		stop()
		os.Exit(1)
	}
}

func flags() *options {
	o := &options{}
	pflag.StringSliceVar(&o.dirs, "dirs", folders, "folders of the suite")
	pflag.StringVar(&o.match, "match", "", "only entries whose name has this in it")
	pflag.StringVar(&o.prefix, "prefix", "build", "where rainmpi is built or installed")
	pflag.StringVar(&o.cache, "cache", "build/conformance", "where the suite is fetched to and built")
	pflag.StringVar(&o.expected, "expected", "bench/conformance/expected.tsv", "the list of expected passes")
	pflag.StringVar(&o.leftOut, "left-out", "bench/conformance/leftout.tsv", "the entries that cannot compile, with the reasons")
	pflag.StringVar(&o.failing, "failing", "bench/conformance/failing.tsv", "the entries that compile and do not pass, with the reasons")
	pflag.StringVar(&o.verdicts, "verdicts", "", "the table of verdicts (default: verdicts.tsv in the cache)")
	pflag.IntVarP(&o.jobs, "jobs", "j", runtime.NumCPU(), "entries that run at the same time")
	pflag.IntVar(&o.sample, "sample", 1, "run every n-th of the expected passes, and nothing else, if n > 1")
	pflag.IntVar(&o.repeat, "repeat", 1, "runs of each entry that must agree on the verdict")
	pflag.BoolVar(&o.lab, "lab", false, "run on two lab hosts with two rails, one of which is cut at a random moment of each run")
	pflag.BoolVar(&o.algorithms, "algorithms", false, "run what passes of coll once more with each of rainmpi's algorithms, forced by RAIN_COLL: it must pass again")
	pflag.BoolVar(&o.pools, "dtp", false, "run the folders' testlist.dtp as well: many datatypes, made by the suite's DTPools; the bars do not count them")
	pflag.DurationVar(&o.limit, "time-limit", 3*time.Minute, "for entries that name none")
	pflag.BoolVar(&o.update, "update", false, "write what passed into the list of expected passes")
	pflag.BoolVar(&o.noBuild, "no-build", false, "run what is built already")
	pflag.BoolVar(&o.asTests, "as-tests", false, "tell each verdict as go test does; a suite that cannot be fetched is a skipped test")
	pflag.Parse()
	if o.verdicts == "" {
		o.verdicts = filepath.Join(o.cache, "verdicts.tsv")
	}
	return o
}

// run reports whether all entries passed but those of which it is known that they do not.
func run(ctx context.Context, o *options) (bool, error) {
	prefix, err := filepath.Abs(o.prefix)
	if err != nil {
		return false, err
	}
	if o.update && (o.lab || o.sample > 1) {
		return false, errors.New("the list of expected passes is that of whole runs on this machine: --update goes with neither --lab nor --sample")
	}
	for _, need := range []string{"bin/mpicc", "bin/rainrun", "lib/libmpi_abi.so.1"} {
		if _, err := os.Stat(filepath.Join(prefix, need)); err != nil {
			return false, fmt.Errorf("%s is not there: run make build first", filepath.Join(prefix, need))
		}
	}
	known, err := o.lists()
	if err != nil {
		return false, err
	}
	suite := &suite{root: filepath.Join(o.cache, "mpich/test/mpi"), prefix: prefix, jobs: o.jobs}
	if err := suite.configure(ctx, o.cache); err != nil {
		if o.asTests && errors.Is(err, debsrc.ErrUnavailable) {
			fmt.Printf("--- SKIP: conformance (0.00s)\n    MPICH's tests come from Debian's sources: %v\n", err)
			return true, nil
		}
		return false, err
	}
	entries, err := suite.entries(o.dirs, o.pools)
	if err != nil {
		return false, err
	}
	entries = chosen(entries, o, known.expected)
	if len(entries) == 0 {
		return false, fmt.Errorf("no entry of %s is chosen", strings.Join(o.dirs, ", "))
	}
	if !o.noBuild {
		if err := suite.build(ctx, entries); err != nil {
			return false, err
		}
	}
	results, err := runAll(ctx, suite, entries, o)
	if err != nil {
		return false, err
	}
	results = slices.DeleteFunc(results, func(r *result) bool { return r == nil })
	leaveOut(known.leftOut, results)
	if err := writeVerdicts(o.verdicts, results); err != nil {
		return false, err
	}
	if o.asTests {
		fmt.Print(asTests(known.expected, results))
	}
	fmt.Print(summary(results))
	fmt.Println("every verdict, with its reason:", o.verdicts)
	if ctx.Err() != nil {
		return false, fmt.Errorf("interrupted: these are %d of %d entries", len(results), len(entries))
	}
	if o.lab {
		fmt.Println(cuts(results))
	}
	if o.update {
		return true, updateExpected(o.expected, known.expected, results)
	}
	ok := compare(os.Stdout, known, results)
	if o.match == "" && o.sample == 1 {
		table, reached := barTable(o.dirs, results)
		fmt.Print(table)
		ok = ok && reached
	}
	return ok, nil
}

// chosen leaves of the entries what the options name.
func chosen(all []*entry, o *options, expected map[string]bool) []*entry {
	var some []*entry
	n := 0
	for _, e := range all {
		if !strings.Contains(e.key(), o.match) {
			continue
		}
		if o.sample > 1 {
			if !expected[e.key()] {
				continue
			}
			if n++; n%o.sample != 0 {
				continue
			}
		}
		some = append(some, e)
	}
	return some
}
