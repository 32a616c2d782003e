package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rainmpi/bench/lab"
)

// How long a rail is cut, and how long both are whole after it.
const (
	cutFor   = 2 * time.Second
	wholeFor = 3 * time.Second
)

// runChecks runs a program's checks, in a lab while rails fail.
func (b *built) runChecks(ctx context.Context, l *lab.Lab) error {
	for _, c := range b.app.checks {
		if l != nil && c.alone {
			continue
		}
		if err := b.runCheck(ctx, c, l); err != nil {
			return fmt.Errorf("make %s: %w", c.target, err)
		}
	}
	return nil
}

func (b *built) runCheck(ctx context.Context, c check, l *lab.Lab) error {
	launcher := filepath.Join(b.prefix, "bin/rainrun")
	place := "host"
	if l != nil {
		// Round the hosts, so that two ranks are on two of them already.
		launcher += " --bind-to none --map-by node --host h1:2,h2:2"
		place = "lab"
	}
	words := []string{"-C", filepath.Join(b.source, c.dir), c.target}
	for _, s := range c.sets {
		words = append(words, strings.ReplaceAll(s, "@RUN@", launcher))
	}
	cmd := exec.CommandContext(ctx, "make", words...)
	cmd.Env = b.environ()
	if l != nil {
		cmd = l.Hosts[0].CommandContext(ctx, "make", words...)
		cmd.Env = append(cmd.Env, b.environ()...)
		cmd.Env = append(cmd.Env, l.Environ()...)
		over, cancel := context.WithCancel(ctx)
		stopped := make(chan error, 1)
		go func() { stopped <- breakRails(over, l) }()
		defer func() { cancel(); <-stopped }()
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	log := filepath.Join(filepath.Dir(b.source), fmt.Sprintf("%s-%s.log", c.target, place))
	_ = os.Remove(log)
	if err := logged(cmd, log); err != nil {
		return err
	}
	text, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	if n := len(c.says.FindAll(text, -1)); n < c.atLeast {
		return fmt.Errorf("it ended well, and said %q %d times; %d were expected: see %s", c.says, n, c.atLeast, log)
	}
	return nil
}

// breakRails cuts one rail after the other, and mends each before the next.
func breakRails(ctx context.Context, l *lab.Lab) error {
	for {
		for _, rail := range l.Rails {
			err := l.Play(ctx, []lab.Event{
				{At: wholeFor, Fault: lab.Fault{Kind: lab.KindCut, Rail: rail.Name}},
				{At: wholeFor + cutFor, Fault: lab.Fault{Kind: lab.KindMend, Rail: rail.Name}},
			}, nil)
			if err != nil {
				return err
			}
		}
	}
}
