package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"rainmpi/internal/manual"
	"rainmpi/rainnet/history"
)

// historyOptions are those of rainrun history.
var historyOptions = []manual.Option{
	{Flag: "epochs", Names: []string{"--epochs"}, Text: "show the transitions of every path, both ends side by side"},
	{Flag: "json", Names: []string{"--json"}, Text: "write the verdicts as JSON"},
	{Flag: "help", Names: []string{"-h", "--help"}, Text: "this text"},
}

var historyPage = manual.Page{Name: "rainrun history", Brief: "Proves or disproves that both ends of every path have seen the same",
	Usage:    []string{"[options] FILE..."},
	Examples: []manual.Example{{Line: "rainrun history log.a log.b", Text: "after a job with rainrun --history log on hosts a and b"}},
	Groups:   []manual.Group{{Title: "Options", Options: historyOptions}},
	Sections: []manual.Section{{Title: "Exit status", Text: "0 if all agree, 1 if some do not or there is no log of one end, 2 for a file that is no log."}}}

// compareHistory lines up the logs of both ends of each path. The status is 1 if
// they do not agree, or if that cannot be known.
func compareHistory(args []string) int {
	set := pflag.NewFlagSet("rainrun history", pflag.ContinueOnError)
	set.Usage = func() {}
	epochs, asJSON := set.Bool("epochs", false, ""), set.Bool("json", false, "")
	help := set.BoolP("help", "h", false, "")
	fail := func(err error) int {
		fmt.Fprintf(os.Stderr, "rainrun history: %v\n", err)
		return 2
	}
	if err := set.Parse(args); err != nil {
		return fail(fmt.Errorf("%w; rainrun history --help lists the options", err))
	}
	if *help {
		fmt.Print(historyPage.Help())
		return 0
	}
	if set.NArg() == 0 {
		return fail(fmt.Errorf("no file: name the logs of both hosts, which rainrun --history FILE has left in FILE.HOST"))
	}
	var logs history.Logs
	for _, path := range set.Args() {
		if err := logs.ReadFile(path); err != nil {
			return fail(err)
		}
	}
	verdicts := logs.Compare()
	if *asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		_ = out.Encode(verdicts)
	}
	return sumUp(verdicts, *epochs, *asJSON)
}

// sumUp prints what does not agree, and one line about all.
func sumUp(verdicts []history.Verdict, epochs, quiet bool) int {
	agree, transitions, slack := 0, 0, 0
	for i := range verdicts {
		v := &verdicts[i]
		transitions += len(v.Sides[0].Entries) + len(v.Sides[1].Entries)
		slack = max(slack, v.Slack)
		if v.Agree() {
			agree++
		}
		if !quiet && (epochs || !v.Agree()) {
			v.Print(os.Stdout, epochs)
		}
	}
	what := os.Stdout
	if quiet {
		what = os.Stderr
	}
	switch {
	case len(verdicts) == 0:
		fmt.Fprintln(what, "the logs tell of no path: nothing is proved (a job on one host has none)")
		return 1
	case agree < len(verdicts):
		fmt.Fprintf(what, "%d of %d paths do not agree, or there is no log of one end\n", len(verdicts)-agree, len(verdicts))
		return 1
	}
	fmt.Fprintf(what, "paths: %d, transitions: %d; both ends of all agree within the slack of %d\n", len(verdicts), transitions, slack)
	return 0
}
