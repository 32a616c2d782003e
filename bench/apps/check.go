package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rainmpi/bench/lab"
)

// The places where checks run.
const (
	oneHost  = "one-host"
	twoHosts = "two-hosts"
)

var places = []string{oneHost, twoHosts}

// graceAtEnd is what rainrun has to end a job before all is killed.
const graceAtEnd = 10 * time.Second

// A result is what became of a check in a place.
type result struct {
	what   string
	passes int
	rails  *rails // nil if none was cut
	took   time.Duration
	err    error
}

func (r *result) String() string {
	if r.err != nil {
		return fmt.Sprintf("%-26s FAILED: %s", r.what, strings.ReplaceAll(r.err.Error(), "\n", "; "))
	}
	text := fmt.Sprintf("%-26s passed: %d tests in %.0f s", r.what, r.passes, r.took.Seconds())
	if r.rails != nil {
		text += ", " + r.rails.String()
	}
	return text
}

// checkAt runs all checks in a place.
func (b *built) checkAt(ctx context.Context, place string, limit time.Duration) (results []*result) {
	var l *lab.Lab
	if place == twoHosts {
		var err error
		if l, err = lab.New(ctx, lab.Config{}); err != nil {
			return []*result{{what: b.app.name + " " + place, err: err}}
		}
		defer l.Close()
	}
	for _, c := range b.app.checks {
		r := &result{what: fmt.Sprintf("%s %s %s", b.app.name, c.name, place)}
		log := filepath.Join(b.dir, c.name+"-"+place+".log")
		fmt.Printf("%s; log: %s\n", r.what, log)
		if err := b.check(ctx, c, l, limit, r, log); err != nil {
			r.err = fmt.Errorf("%w; see %s", err, log)
		}
		if ctx.Err() != nil {
			return results
		}
		fmt.Println(r)
		results = append(results, r)
	}
	return results
}

// check runs a check, in a lab while rails fail, writes what it says to a log and
// fills r in.
func (b *built) check(ctx context.Context, c check, l *lab.Lab, limit time.Duration, r *result, to string) error {
	start := time.Now()
	defer func() { r.took = time.Since(start) }()
	log, err := os.Create(to)
	if err != nil {
		return err
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if l != nil && !c.single {
		if r.rails, err = breakRails(ctx, l); err != nil {
			return err
		}
	}
	cmd := b.makeCommand(ctx, c, l)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	j := newJudge(c.rules)
	read := make(chan struct{})
	go func() {
		defer close(read)
		defer out.Close() // a log that cannot be written ends the check
		j.follow(os.Stdout, io.TeeReader(out, log))
	}()
	status := runSession(cmd)
	in.Close()
	<-read
	if ctx.Err() == context.DeadlineExceeded {
		status = fmt.Errorf("not done after %v", limit)
	}
	r.passes = j.passes
	if r.rails != nil {
		return errors.Join(j.verdict(status), r.rails.end())
	}
	return j.verdict(status)
}

// makeCommand returns the make that runs the check, on the lab's first host if there is a lab.
func (b *built) makeCommand(ctx context.Context, c check, l *lab.Lab) *exec.Cmd {
	all, one := "rainrun", "rainrun"
	if l != nil {
		// By node, so that two processes are on two hosts. The lab's hosts number the
		// same processors from 0, so nothing is bound.
		all += " --bind-to none --map-by node --host h1:2,h2:2"
		one += " --bind-to none --host h2"
	}
	words := filled(c.words, strings.NewReplacer("@RUN@", all, "@RUN1@", one))
	cmd := exec.CommandContext(ctx, "make", words...)
	if l != nil {
		cmd = l.Hosts[0].CommandContext(ctx, "make", words...)
	}
	cmd.Dir = b.source
	cmd.Env = append(cmd.Environ(), b.environ()...)
	return cmd
}

// follow reads to the end and says to w which part began when, and how far it is then.
func (j *judge) follow(w io.Writer, r io.Reader) {
	start := time.Now()
	for in := bufio.NewReader(r); ; {
		text, err := in.ReadString('\n')
		if j.line(text) {
			fmt.Fprintf(w, "%8.1f s  %s (%d passed before)\n", time.Since(start).Seconds(), j.now, j.passes)
		}
		if err != nil {
			return
		}
	}
}

// runSession runs a command in a session of its own. When its context is done, all
// processes of the session are interrupted, as if by a terminal, and killed if
// that does not end them: make itself leaves alone what its shells have started.
func runSession(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = graceAtEnd
	err := cmd.Run()
	if cmd.Process != nil {
		// The group is gone, as a rule; ESRCH is what is hoped for.
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	return err
}
