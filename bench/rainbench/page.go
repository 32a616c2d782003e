package main

import (
	"fmt"

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
	return fs.Parse(args)
}

// plain are commands without flags, which would run.
var plain = map[string]bool{"clean": true, "rsh": true, "lab": true, "manual": true, "completion": true}

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

func manualMain([]string) (int, error) {
	fmt.Print(page().Man())
	return 0, nil
}

func completionMain(args []string) (int, error) {
	if len(args) != 1 {
		return 2, fmt.Errorf("usage: rainbench completion bash|zsh|fish")
	}
	text, err := page().Completion(args[0])
	fmt.Print(text)
	return 0, err
}

func init() {
	commands["manual"] = command{"this command's page for man(1)", manualMain}
	commands["completion"] = command{"completion for a shell: bash, zsh, fish", completionMain}
}
