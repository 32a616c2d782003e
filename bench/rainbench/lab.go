package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench/lab"
	"rainmpi/internal/manual"
)

var labCommands = map[string]command{
	"run":    {"make a lab, run a command, remove the lab", labRun},
	"exec":   {"run a command on a host of the running lab", labExec},
	"rsh":    {"exec for launchers that expect ssh: rainbench lab rsh [-OPTION...] HOST WORDS...", labRsh},
	"fault":  {"cut, black-hole, lose or mend a rail of the running lab", labFault},
	"status": {"state and counters of the running lab", labStatus},
	"clean":  {"remove what killed labs left behind", labClean},
}

func labMain(args []string) (int, error) { return dispatch("rainbench lab", labCommands, args) }

// labFlags are the flags that describe a lab.
func labFlags(fs *pflag.FlagSet) func() (lab.Config, error) {
	hosts := fs.Int("hosts", 2, "number of hosts, h1, h2, ...")
	rails := fs.Int("rails", 2, "number of rails, rail1, rail2, ...")
	rates := fs.StringSlice("rate", []string{"none"}, "rate of every rail, or of each: 1gbit,100mbit; none is unshaped")
	mtu := fs.Int("mtu", 1500, "MTU of the rails, bytes")
	ipv6 := fs.Bool("ipv6", false, "IPv6 addresses too")
	v6only := fs.Bool("ipv6-only", false, "IPv6 addresses and no others")
	one := fs.Bool("one-subnet", false, "all rails in one IPv4 subnet")
	together := fs.Bool("one-switch", false, "all cables in one switch")
	routed := fs.Bool("routed", false, "a router between the rails' subnets")
	cards := fs.IntSlice("cards", nil, "how many of the rails each host is plugged into, h1 first: 1,4; default all")
	docker := fs.Bool("docker", false, "a bridge docker0 on every host, 172.17.0.1 on all")
	filter := fs.Int("rp-filter", 0, "net.ipv4.conf.all.rp_filter of every host: 0, 1 (strict) or 2 (loose)")
	user := fs.Bool("user-namespace", false, "use a user namespace even as root")
	return func() (lab.Config, error) {
		c := lab.Config{Hosts: *hosts, Rails: *rails, MTU: *mtu, IPv6: *ipv6, IPv6Only: *v6only, UserNamespace: *user,
			OneSubnet: *one, OneSwitch: *together, Routed: *routed, Cards: *cards, Docker: *docker, RPFilter: *filter}
		for _, s := range *rates {
			r, err := lab.ParseRate(s)
			if err != nil {
				return c, err
			}
			c.Rates = append(c.Rates, r)
		}
		if len(c.Rates) == 1 {
			c.Rate, c.Rates = c.Rates[0], nil
		}
		return c, nil
	}
}

func labRun(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench lab run", pflag.ContinueOnError)
	fs.SetInterspersed(false)
	config := labFlags(fs)
	on := fs.String("on", lab.Outside, "host to run the command on; outside: in the lab, on none of its hosts")
	at := fs.StringArray("at", nil, "fault at a time after the start, e.g. 5s:cut:rail1 or 8s:mend:rail1 (repeatable)")
	quiet := fs.BoolP("quiet", "q", false, "do not tell of the faults on standard error")
	describe(fs, manual.Page{Usage: []string{"[flags] -- COMMAND [ARG...]"}, Sections: []manual.Section{
		{Title: "The command", Text: "%hosts in an argument becomes the hosts, \"h1,h2\"; the environment names the lab in RAINLAB,\n" +
			"RAINLAB_HOSTS and RAINLAB_RAILS and rainrun's --agent-command in RAIN_AGENT_COMMAND."},
		{Title: "Faults", Text: "cut:RAIL[@HOST][:switch|host|behind]  blackhole:RAIL[@HOST[:out|in|both]]\n" +
			"loss:RAIL[@HOST]:PERCENT%  mend:RAIL[@HOST]"},
	}})
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if fs.NArg() == 0 {
		return 2, errors.New("lab run: no command given: rainbench lab run -- COMMAND")
	}
	cfg, err := config()
	if err != nil {
		return 2, err
	}
	var events []lab.Event
	for _, s := range *at {
		e, err := lab.ParseEvent(s)
		if err != nil {
			return 2, err
		}
		events = append(events, e)
	}
	l, err := lab.New(context.Background(), cfg)
	if err != nil {
		return 1, err
	}
	defer l.Close()
	place := l.Outside()
	if *on != lab.Outside {
		if place = l.Host(*on); place == nil {
			return 2, fmt.Errorf("lab run: no host %q: there are %s", *on, l.HostList())
		}
	}
	return runInLab(l, place, fs.Args(), events, *quiet)
}

// runInLab runs the command and, beside it, the timeline.
func runInLab(l *lab.Lab, place *lab.Host, args []string, events []lab.Event, quiet bool) (int, error) {
	args = append([]string(nil), args...)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "%hosts", l.HostList())
	}
	cmd := place.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	stop := passSignals(cmd)
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		err := l.Play(ctx, events, func(e lab.Event, t time.Time) {
			if !quiet {
				fmt.Fprintf(os.Stderr, "lab: %.3f s: %s\n", t.Sub(start).Seconds(), e.Fault)
			}
		})
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(os.Stderr, "rainbench: lab:", err)
		}
	}()
	return exitStatus(cmd.Wait())
}

// passSignals hands signals that are meant for the command to its stand-in. A
// terminal sends its signals to both, so that those are only kept from ending us.
func passSignals(cmd *exec.Cmd) (stop func()) {
	c := make(chan os.Signal, 8)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT)
	go func() {
		for s := range c {
			if s == syscall.SIGTERM || s == syscall.SIGHUP {
				cmd.Process.Signal(s)
			}
		}
	}()
	return func() { signal.Stop(c) }
}

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if exit.ExitCode() >= 0 {
			return exit.ExitCode(), nil
		}
		return 255, nil
	}
	return 0, err
}

func labExec(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench lab exec", pflag.ContinueOnError)
	fs.SetInterspersed(false)
	which := labFlag(fs)
	describe(fs, manual.Page{Usage: []string{"[flags] HOST -- COMMAND [ARG...]"}})
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if fs.NArg() < 2 {
		return 2, errors.New("usage: rainbench lab exec HOST -- COMMAND [ARG...]")
	}
	dir, err := theLab(*which)
	if err != nil {
		return 255, err
	}
	return lab.ExecMain(dir, fs.Arg(0), fs.Args()[1:]), nil
}

// labRsh starts words on a host as ssh does: joined by spaces, read by a shell.
// Options before the host are ignored; those of ssh that take a value are known.
func labRsh(args []string) (int, error) {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if len(args[0]) == 2 && strings.Contains("-l-p-o-i-F-c-m", args[0]) {
			args = args[1:]
		}
		if len(args) > 0 {
			args = args[1:]
		}
	}
	if len(args) < 2 {
		return 2, errors.New("usage: rainbench lab rsh HOST WORDS...")
	}
	dir, err := theLab("")
	if err != nil {
		return 255, err
	}
	return lab.ExecMain(dir, args[0], []string{"/bin/sh", "-c", strings.Join(args[1:], " ")}), nil
}

func labFlag(fs *pflag.FlagSet) *string {
	return fs.String("lab", "", "directory of the lab; default $RAINLAB, or the only one that runs")
}

// theLab finds the lab that is meant.
func theLab(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if dir := os.Getenv("RAINLAB"); dir != "" {
		return dir, nil
	}
	switch dirs := lab.Running(); len(dirs) {
	case 1:
		return dirs[0], nil
	case 0:
		return "", errors.New("no lab is running: rainbench lab run starts one")
	default:
		return "", fmt.Errorf("several labs are running: choose by --lab or RAINLAB among %s", strings.Join(dirs, " "))
	}
}

func labFault(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench lab fault", pflag.ContinueOnError)
	which := labFlag(fs)
	describe(fs, manual.Page{Usage: []string{"[flags] RAIL[@HOST] cut [switch|host|behind]", "[flags] RAIL[@HOST] blackhole [out|in|both]",
		"[flags] RAIL[@HOST] loss PERCENT%", "[flags] RAIL[@HOST] mend"}})
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if fs.NArg() < 2 || fs.NArg() > 3 {
		return 2, errors.New("lab fault: give a rail and what to do to it: rainbench lab fault rail1 cut; --help lists what can be done")
	}
	f, err := lab.NewFault(fs.Arg(1), fs.Arg(0), fs.Arg(2))
	if err != nil {
		return 2, err
	}
	return onLab(*which, func(l *lab.Lab) error { return l.Fault(f) })
}

func onLab(which string, f func(*lab.Lab) error) (int, error) {
	dir, err := theLab(which)
	if err != nil {
		return 1, err
	}
	l, err := lab.Attach(dir)
	if err != nil {
		return 1, err
	}
	return 0, f(l)
}

func labStatus(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench lab status", pflag.ContinueOnError)
	which := labFlag(fs)
	asJSON := fs.Bool("json", false, "as JSON")
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	return onLab(*which, func(l *lab.Lab) error {
		st, err := l.Status()
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(os.Stdout).Encode(st)
		}
		printStatus(st)
		return nil
	})
}

func printStatus(st *lab.Status) {
	fmt.Printf("%s: %s; hosts %s\n", st.Dir, st.Mode, strings.Join(st.Hosts, ", "))
	fmt.Printf("%-7s %-5s %14s %12s %14s %12s %9s  %s\n",
		"rail", "host", "sent bytes", "packets", "come bytes", "packets", "overflow", "state")
	for _, r := range st.Rails {
		for _, c := range r.Cables {
			n := c.Counters
			fmt.Printf("%-7s %-5s %14d %12d %14d %12d %9d  %s\n",
				r.Name, c.Host, n.TxBytes, n.TxPackets, n.RxBytes, n.RxPackets, n.QueueDrops, c.State)
		}
	}
}

func labClean(args []string) (int, error) {
	if _, err := withoutFlags("lab clean", args, ""); err != nil {
		return 2, err
	}
	removed, err := lab.Clean()
	for _, dir := range removed {
		fmt.Println("removed", dir)
	}
	return 0, err
}
