// Command rainrun starts MPI programs (and others) on one or several hosts. It
// is also installed as mpiexec and mpirun. See rainrun --help.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"rainmpi/internal/manual"
	"rainmpi/launcher"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	if len(args) > 0 {
		switch args[0] {
		case "agent":
			return agent(args[1:])
		case "check":
			return check(args[1:])
		case "history":
			return compareHistory(args[1:])
		case "manual":
			return manualPage(args[1:])
		case "completion":
			return completion(args[1:])
		case "info":
			return info(args[1:])
		}
	}
	o, done, err := parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainrun: %v\n", err)
		return 2
	}
	if done {
		return 0
	}
	status, err := launcher.Run(o)
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainrun: %v\n", err)
	}
	return status
}

// wantsHelp reports whether the first argument asks what a command does.
func wantsHelp(args []string) bool {
	return len(args) > 0 && (args[0] == "--help" || args[0] == "-help" || args[0] == "-h")
}

// completion writes the script for a shell.
func completion(args []string) int {
	if wantsHelp(args) {
		fmt.Printf("usage: rainrun completion %s\n\n"+
			"Writes what completes rainrun's options and commands in that shell. make install puts it where shells\n"+
			"look for it; by hand, in bash: source <(rainrun completion bash)\n", strings.Join(manual.Shells, "|"))
		return 0
	}
	text, err := page.Completion(strings.Join(args, " "))
	if err != nil {
		fmt.Fprintf(os.Stderr, "rainrun %v\n", err)
		return 2
	}
	fmt.Print(text)
	return 0
}

func manualPage(args []string) int {
	if wantsHelp(args) {
		fmt.Print("usage: rainrun manual | man -l -\n")
		return 0
	}
	if len(args) > 0 {
		fmt.Fprintf(os.Stderr, "rainrun manual: unknown argument %s; it takes none, and writes a page for man: rainrun manual | man -l -\n", args[0])
		return 2
	}
	fmt.Print(page.Man())
	return 0
}

// agent is what rainrun starts on every host. Without --guarded it is the
// guardian, which starts the agent proper.
func agent(args []string) int {
	switch {
	case len(args) == 0:
		return launcher.Guardian()
	case len(args) == 2 && args[0] == launcher.Guarded:
		if guardian, err := strconv.Atoi(args[1]); err == nil {
			return launcher.Agent(guardian)
		}
	}
	fmt.Fprintln(os.Stderr, "rainrun agent: this command is started by rainrun, not by hand")
	return 2
}
