// Rainbench measures rainmpi and breaks rails under it.
//
//	rainbench lab run [flags] -- COMMAND    hosts and rails from namespaces, while COMMAND runs
//	rainbench lab exec HOST -- COMMAND      start a command on a host of the running lab
//	rainbench lab fault ...                 break and mend rails of the running lab
//	rainbench lab status | clean
//	rainbench demo                          the main job, with a rail cut and repaired
//	rainbench pt2pt | coll                  one C program, each MPI's own mpicc, interleaved runs
//	rainbench heat                          one program on as many ranks as cores, and on four times as many
//	rainbench launch                        from start to end, here and by ssh, and memory per rank
//	rainbench profile                       where a rank's time goes, by perf
//	rainbench algorithms                    the algorithms of each collective beside each other
//	rainbench chaos                         jobs that are killed, stopped and cut at random
//	rainbench soak                          one job for long, on rails that fail all the time
//	rainbench faults --scenario NAME        a stream while rails fail in one of eight ways, trial by trial
//	rainbench cost                          processor time per gigabyte beside a TCP connection's
//	rainbench share                         one rail beside a TCP connection and beside another job
//	rainbench rails                         how full rails are, 1 to 8 of them, and while one of two is broken
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sort"
	"syscall"

	"github.com/spf13/pflag"

	"rainmpi/bench/chaos"
	"rainmpi/bench/soak"
)

// A command is one word of the command line and what it does with the rest. Its
// int is the exit status, when err is nil.
type command struct {
	usage string
	run   func(args []string) (int, error)
}

var commands = map[string]command{
	"lab":    {"build hosts and rails from namespaces, break and mend them", labMain},
	"pt2pt":  {"latency, bandwidth and message rate beside other MPIs", pt2ptMain},
	"demo":   {"the main job: two hosts, two rails, one fails and comes back", demoMain},
	"rails":  {"how full rails are, 1 to 8 of them, and while one of two is broken", railsMain},
	"faults": {"a stream while rails are cut, lose, flap, are slow or crossed, trial by trial", faultsMain},

	"cost":  {"processor time per gigabyte over one rail, beside a TCP connection's", costMain},
	"share": {"what a job gets of one rail beside a TCP connection, and beside another job", shareMain},

	"coll": {"collectives beside other MPIs", collMain},

	"heat":   {"what more ranks than cores cost, beside other MPIs", heatMain},
	"launch": {"time from start to end, and memory per rank, beside other MPIs", launchMain},

	"chaos": {"kill, stop and cut jobs at random, and see how they end", chaosMain},
	"soak":  {"run one job for long on rails that fail, and look for what is lost or grows", soakMain},

	"profile":    {"where a rank's time goes, by class of work and by function", profileMain},
	"algorithms": {"the algorithms of each collective beside each other", algorithmsMain},
}

func main() {
	chaos.Play(os.Args)
	soak.Play(os.Args)
	status, err := dispatch("rainbench", commands, os.Args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		os.Exit(0)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "rainbench:", err)
		if status == 0 {
			status = 1
		}
	}
	os.Exit(status)
}

// untilInterrupted returns a context that ends with ctrl-c, or what else ends a command, so that whoever makes
// labs and temporary files takes them away.
func untilInterrupted() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
}

func dispatch(name string, cmds map[string]command, args []string) (int, error) {
	if len(args) == 0 || args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		fmt.Printf("usage: %s COMMAND [flags]\n\n", name)
		for _, word := range sortedKeys(cmds) {
			fmt.Printf("  %-10s %s\n", word, cmds[word].usage)
		}
		fmt.Printf("\n%s COMMAND --help tells a command's flags.\n", name)
		return 0, nil
	}
	c, ok := cmds[args[0]]
	if !ok {
		return 2, fmt.Errorf("no command %q: %s --help lists them", args[0], name)
	}
	running = c
	return c.run(args[1:])
}

func sortedKeys(m map[string]command) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
