package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/launcher"
	"rainmpi/rainnet/history"
)

// settings are the options of one program (one part between colons). Those of
// the whole job are taken from the first part that gives them. What each means
// is said in options.go.
type settings struct {
	set *pflag.FlagSet

	n          int
	hosts      []string
	hostFiles  []string
	perHost    int
	perRank    int
	mapBy      string
	rankBy     string
	rankFile   string
	bindTo     string
	over       bool
	notOver    bool
	noLocal    bool
	export     []string
	env, genv  []string
	envList    []string
	genvList   []string
	dir, path  string
	preload    bool
	config     string
	rails      []string
	ports      string
	agent      string
	prefix     string
	launcher   string
	insecure   bool
	mca        []string
	timeout    string
	grace      time.Duration
	hostTime   time.Duration
	witness    string
	onFailure  string
	startTime  time.Duration
	tag, stamp bool
	merge      bool
	outFile    string
	output     []string
	stdin      string
	display    []string
	report     bool
	verbose    bool
	history    string
	help       bool
	version    bool
}

func newSettings() *settings {
	s := &settings{set: pflag.NewFlagSet("rainrun", pflag.ContinueOnError)}
	f := s.set
	f.SetInterspersed(false) // what follows the program's name is the program's
	f.SortFlags = false
	f.Usage = func() {}
	f.IntVar(&s.n, "np", 0, "")
	f.StringArrayVar(&s.hosts, "host", nil, "")
	f.StringArrayVar(&s.hostFiles, "hostfile", nil, "")
	f.IntVar(&s.perHost, "ppn", 0, "")
	f.IntVar(&s.perRank, "cpus-per-rank", 0, "")
	f.StringVar(&s.mapBy, "map-by", "", "")
	f.StringVar(&s.rankBy, "rank-by", "", "")
	f.StringVar(&s.rankFile, "rankfile", "", "")
	f.StringVar(&s.bindTo, "bind-to", "", "")
	f.BoolVar(&s.over, "oversubscribe", false, "")
	f.BoolVar(&s.notOver, "nooversubscribe", false, "")
	f.BoolVar(&s.noLocal, "nolocal", false, "")
	f.StringArrayVar(&s.export, "x", nil, "")
	f.StringArrayVar(&s.env, "env", nil, "")
	f.StringArrayVar(&s.envList, "envlist", nil, "")
	f.StringArrayVar(&s.genv, "genv", nil, "")
	f.StringArrayVar(&s.genvList, "genvlist", nil, "")
	f.Bool("genvall", true, "")
	f.StringVar(&s.dir, "wdir", "", "")
	f.StringVar(&s.path, "path", "", "")
	f.BoolVar(&s.preload, "preload", false, "")
	f.StringVar(&s.config, "configfile", "", "")
	f.StringArrayVar(&s.rails, "rails", nil, "")
	f.StringVar(&s.ports, "ports", "", "")
	f.StringVar(&s.agent, "agent-command", "", "")
	f.StringVar(&s.prefix, "prefix", "", "")
	f.StringVar(&s.launcher, "launcher", "", "")
	f.BoolVar(&s.insecure, "insecure", false, "")
	f.StringArrayVar(&s.mca, "mca", nil, "")
	f.StringVar(&s.timeout, "timeout", "", "")
	s.time(&s.grace, "kill-grace", 100*time.Millisecond)
	s.time(&s.hostTime, "host-timeout", 30*time.Second)
	f.StringVar(&s.witness, "witness", "", "")
	s.time(&s.startTime, "start-timeout", 2*time.Minute)
	f.StringVar(&s.onFailure, "on-failure", "abort", "")
	f.BoolVar(&s.tag, "tag-output", false, "")
	f.BoolVar(&s.stamp, "timestamp-output", false, "")
	f.BoolVar(&s.merge, "merge-stderr", false, "")
	f.StringVar(&s.outFile, "output-filename", "", "")
	f.StringArrayVar(&s.output, "output", nil, "")
	f.StringVar(&s.stdin, "stdin", "0", "")
	f.StringArrayVar(&s.display, "display", nil, "")
	f.BoolVar(&s.report, "report-bindings", false, "")
	f.BoolVar(&s.verbose, "verbose", false, "")
	f.StringVar(&s.history, "history", os.Getenv(history.Variable), "")
	f.Bool("allow-run-as-root", false, "")
	f.Bool("quiet", false, "")
	f.BoolVar(&s.help, "help", false, "")
	f.BoolVar(&s.version, "version", false, "")
	return s
}

// time declares an option that takes a time.
func (s *settings) time(to *time.Duration, name string, preset time.Duration) {
	*to = preset
	s.set.Var(span{to}, name, "")
}

// parse reads the whole command line. done says that there is nothing to run.
func parse(args []string) (o launcher.Options, done bool, err error) {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, page.UsageLine())
		return o, false, fmt.Errorf("no program; rainrun --help tells more")
	}
	b := newBuilder()
	for i, part := range splitColons(args) {
		s := newSettings()
		if err := s.set.Parse(normalise(part)); err != nil {
			return o, false, explain(err)
		}
		switch {
		case s.help:
			fmt.Print(page.Help())
			return o, true, nil
		case s.version:
			fmt.Println(version())
			return o, true, nil
		}
		if err := b.add(s, i); err != nil {
			return o, false, err
		}
	}
	o, err = b.finish()
	return o, false, err
}

// splitColons splits an MPMD command line into its programs.
func splitColons(args []string) [][]string {
	parts := [][]string{nil}
	for _, a := range args {
		if a == ":" {
			parts = append(parts, nil)
			continue
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], a)
	}
	return parts
}

// explain says what is wrong with an option, by a name that people type, and what
// to do.
func explain(err error) error {
	name := func(f *pflag.Flag) string {
		if o, ok := names[f.Name]; ok && len(o.Names) > 0 {
			return o.Names[0]
		}
		return "--" + f.Name
	}
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var wrong *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return fmt.Errorf("%w; rainrun --help lists the options", err)
	case errors.As(err, &missing):
		f := missing.GetFlag()
		return fmt.Errorf("%s needs an argument: %s %s", name(f), name(f), names[f.Name].Arg)
	case errors.As(err, &wrong):
		return fmt.Errorf("%s %s: %w", name(wrong.GetFlag()), wrong.GetValue(), wrong.Unwrap())
	}
	return err
}

// A span is a time of the command line: seconds, or 90s, 10m.
type span struct{ to *time.Duration }

func (s span) String() string {
	if s.to == nil {
		return ""
	}
	return s.to.String()
}

func (s span) Set(text string) (err error) {
	if text == "" {
		return errors.New("expected a time: seconds, or 90s, 10m")
	}
	*s.to, err = seconds(text)
	return err
}

func (s span) Type() string { return "time" }
