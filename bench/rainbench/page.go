package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"rainmpi/internal/manual"
)

// collect, if set, takes the flags of a command in the place of running it: so
// the manual and completion are made of the very flags that commands read.
var collect func(*pflag.FlagSet)

func parse(fs *pflag.FlagSet, args []string) error {
	if collect != nil {
		collect(fs)
		return pflag.ErrHelp
	}
	if fs.Lookup("peers") != nil {
		fs.SetNormalizeFunc(eitherPeers)
	}
	if fs.Usage == nil {
		describe(fs, manual.Page{Usage: []string{"[flags]"}})
	}
	return fs.Parse(args)
}

// eitherPeers reads --peer as --peers, which alone is told.
func eitherPeers(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	if name == "peer" {
		name = "peers"
	}
	return pflag.NormalizedName(name)
}

// running is the command that the command line names.
var running command

// describe has --help print p and the command's flags, on standard output, as it was asked for.
func describe(fs *pflag.FlagSet, p manual.Page) {
	fs.Usage = func() {
		p.Name, p.Brief = fs.Name(), strings.ToUpper(running.usage[:1])+running.usage[1:]
		if fs.HasFlags() {
			p.Groups = []manual.Group{{Title: "Flags", Options: manual.OptionsOf(fs)}}
		}
		fmt.Print(p.Help())
	}
}

// withoutFlags reads the command line of a command that has none, and returns its arguments.
func withoutFlags(name string, args []string, follows string) ([]string, error) {
	fs := pflag.NewFlagSet("rainbench "+name, pflag.ContinueOnError)
	describe(fs, manual.Page{Usage: []string{follows}})
	err := parse(fs, args)
	return fs.Args(), err
}

// plain are commands that do not read flags, and would run.
var plain = map[string]bool{"rsh": true, "lab": true}

// page is everything that rainbench says of itself.
func page() manual.Page {
	p := manual.Page{Name: "rainbench", Brief: "Measures rainmpi, and builds hosts and rails and breaks them",
		Usage: []string{"COMMAND [flags]"},
		Examples: []manual.Example{
			{Line: "rainbench demo", Text: "two hosts, two rails, four ranks; a rail is cut and repaired"},
			{Line: "rainbench lab run --hosts 2 --rails 2 -- rainrun -n 4 --host %hosts ./prog", Text: "a job on two hosts of a lab"},
		}}
	p.Commands = commandsOf(commands)
	return p
}

func commandsOf(cmds map[string]command) (list []manual.Command) {
	for _, name := range sortedKeys(cmds) {
		c := manual.Command{Name: name, Brief: cmds[name].usage}
		if name == "lab" {
			c.Commands = commandsOf(labCommands)
		}
		if !plain[name] {
			collect = func(fs *pflag.FlagSet) { c.Options = manual.OptionsOf(fs) }
			_, _ = cmds[name].run(nil)
			collect = nil
		}
		list = append(list, c)
	}
	return list
}

func manualMain(args []string) (int, error) {
	if _, err := withoutFlags("manual", args, "| man -l -"); err != nil {
		return 2, err
	}
	fmt.Print(page().Man())
	return 0, nil
}

func completionMain(args []string) (int, error) {
	args, err := withoutFlags("completion", args, strings.Join(manual.Shells, "|"))
	if err != nil {
		return 2, err
	}
	text, err := page().Completion(strings.Join(args, " "))
	if err != nil {
		return 2, err
	}
	fmt.Print(text)
	return 0, nil
}

func init() {
	commands["manual"] = command{"this command's page for man(1)", manualMain}
	commands["completion"] = command{"completion for a shell: bash, zsh, fish", completionMain}
}
