package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/cluster"
	"rainmpi/bench/lab"
)

// A Launched is what was measured of one way of starting; it is written as JSON.
type Launched struct {
	Where string
	Rows  []bench.Row
}

// launchLimit is how long a job of many ranks may take to start and end.
const launchLimit = 2 * time.Minute

// launchMain measures how long a program takes that does nothing but start, meet
// in a barrier and end, and what memory its ranks take: on this host, and started
// by ssh on hosts of a lab.
func launchMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench launch", pflag.ContinueOnError)
	peers := fs.StringSlice("peers", []string{"rainmpi", "openmpi", "mpich"}, "implementations")
	ranks := fs.IntSliceP("ranks", "n", []int{2, 64}, "numbers of ranks on this host")
	far := fs.Int("ssh-ranks", 16, "number of ranks on lab hosts that are reached by a real ssh; 0: none")
	hosts := fs.Int("hosts", 4, "number of lab hosts")
	runs := fs.Int("runs", 9, "runs of each implementation")
	asJSON := fs.String("json", "", "write the results to a file as JSON too")
	stored := baselineFlags(fs)
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if err := stored.check("launch"); err != nil {
		return 2, err
	}
	w, remove, err := where.programs(*peers)
	if err != nil {
		return 1, err
	}
	defer remove()
	ctx, stop := untilInterrupted()
	defer stop()
	here, err := setting(nil, w.dir)
	if err != nil {
		return 1, err
	}
	var all []Launched
	var worse error
	c := bench.Comparison{Setting: here, Impls: w.impls, Progs: w.progs, Runs: *runs, Limit: launchLimit}
	measure := func() error {
		got, err := launched(ctx, c)
		if err != nil {
			return err
		}
		all = append(all, got)
		worse = errors.Join(worse, stored.beside(placeName(c.Setting), bench.Ours(w.impls), got.Rows))
		return nil
	}
	for _, c.Ranks = range *ranks {
		if err := measure(); err != nil {
			return 1, err
		}
	}
	if c.Ranks = *far; c.Ranks > 0 {
		var end func()
		if c.Setting, end, err = sshSetting(ctx, *hosts, w.dir); err != nil {
			return 1, err
		}
		defer end()
		if err := measure(); err != nil {
			return 1, err
		}
	}
	if err := writeJSON(*asJSON, all); err != nil {
		return 1, err
	}
	return 0, worse
}

// launched times starts and, in runs of their own, looks at memory.
func launched(ctx context.Context, c bench.Comparison) (Launched, error) {
	fmt.Println(c.Header())
	c.Timed, c.Args = "hello", []string{"-t", "hello"}
	rows := c.Run(ctx, os.Stderr)
	c.Timed, c.Args = "", []string{"-t", "memory"}
	rows = append(rows, c.Run(ctx, os.Stderr)...)
	bench.Print(os.Stdout, c.Impls, rows)
	if len(rows) == 0 || ctx.Err() != nil {
		return Launched{}, errors.New("launch: no run succeeded")
	}
	return Launched{c.Header(), rows}, nil
}

// sshSetting makes a lab whose hosts are reached by OpenSSH.
func sshSetting(ctx context.Context, hosts int, dir string) (s bench.Setting, end func(), err error) {
	l, err := lab.New(ctx, lab.Config{Hosts: hosts, Rails: 2})
	if err != nil {
		return s, nil, err
	}
	ssh, err := cluster.NewSSH(l)
	if err != nil {
		l.Close()
		return s, nil, fmt.Errorf("launch: starting by ssh: %w; --ssh-ranks 0 leaves it out", err)
	}
	end = func() { l.Close() }
	var names []string
	for _, h := range l.Hosts {
		names = append(names, h.Name)
	}
	if err = ssh.Serve(names...); err == nil {
		err = ssh.Await(names...)
	}
	if err == nil {
		s, err = setting(l, dir)
	}
	if err != nil {
		end()
		return s, nil, err
	}
	s.SSH, s.Rsh = ssh, ssh.Client()
	return s, end, nil
}
