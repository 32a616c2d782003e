package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"rainmpi/internal/manual"
	"rainmpi/launcher"
)

// checkOptions are those of rainrun check: some of a job's, and one more.
var checkOptions = append(pick("host", "hostfile", "agent-command", "prefix", "launcher", "rails", "ports", "start-timeout", "help"),
	manual.Option{Flag: "json", Names: []string{"--json"}, Text: "write the report as JSON"})

// pick returns the options of a job by their flags.
func pick(flags ...string) (picked []manual.Option) {
	for _, f := range flags {
		for _, g := range []manual.Group{howMany, surroundings, streams, ends, starting, itself} {
			for _, o := range g.Options {
				if o.Flag == f {
					picked = append(picked, o)
				}
			}
		}
	}
	return picked
}

// check examines hosts. The status is 1 if a job could not run on them.
func check(args []string) int {
	fail := func(err error) int {
		fmt.Fprintf(os.Stderr, "rainrun check: %v\n", err)
		return 2
	}
	s := newSettings()
	asJSON := s.set.Bool("json", false, "")
	var plain []string
	for _, a := range args {
		if a == "-json" {
			a = "--json"
		}
		plain = append(plain, a)
	}
	if err := s.set.Parse(normaliseKeeping(plain, "--json")); err != nil {
		return fail(explain(err))
	}
	if s.help {
		fmt.Print(manual.Page{Name: "rainrun check", Brief: "Looks at hosts: would a job run there, and what is to be done if not",
			Usage: []string{"[options]"}, Groups: []manual.Group{{Title: "Options", Options: checkOptions}}}.Help())
		return 0
	}
	if foreign := notForCheck(s); foreign != "" {
		return fail(fmt.Errorf("%s is for starting programs; rainrun check --help lists what it takes", foreign))
	}
	if s.set.NArg() > 0 {
		return fail(fmt.Errorf("%q: no program is started here; name hosts with --host or --hostfile", s.set.Arg(0)))
	}
	b := newBuilder()
	hosts, err := readHosts(s)
	if err == nil {
		err = b.jobOptions(s, 0)
	}
	if err != nil {
		return fail(err)
	}
	b.o.Hosts = hosts
	o, err := b.finish()
	if err != nil {
		return fail(err)
	}
	report, err := launcher.Check(o)
	if err != nil {
		return fail(err)
	}
	if *asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		_ = out.Encode(report)
	} else {
		report.Print(os.Stdout)
	}
	if report.Fatal() {
		return 1
	}
	return 0
}

// notForCheck is an option of a job's that means nothing to check; empty: none was given.
func notForCheck(s *settings) (name string) {
	s.set.Visit(func(f *pflag.Flag) {
		if !slices.ContainsFunc(checkOptions, func(o manual.Option) bool { return o.Flag == f.Name }) {
			name = names[f.Name].Names[0]
		}
	})
	return name
}

// normaliseKeeping is normalise for a command with a switch of its own.
func normaliseKeeping(args []string, own string) []string {
	var kept, rest []string
	for _, a := range args {
		if a == own {
			kept = append(kept, a)
		} else {
			rest = append(rest, a)
		}
	}
	return append(kept, normalise(rest)...)
}
