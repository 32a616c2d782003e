package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// graceAfterLimit is what rainrun has to end a job before it is killed itself.
const graceAfterLimit = 5 * time.Second

// runAll runs the entries, some at a time, and says how far it is. Entries that
// need much memory run when nothing else does. If it is interrupted the rest have no
// result.
func runAll(ctx context.Context, s *suite, entries []*entry, o *options) ([]*result, error) {
	places, err := o.places(ctx)
	if err != nil {
		return nil, err
	}
	defer closeAll(places)
	results := make([]*result, len(entries))
	var alone sync.RWMutex
	var mu sync.Mutex
	var workers sync.WaitGroup
	work := make(chan int)
	done, good := 0, 0
	for _, p := range places {
		workers.Go(func() {
			for i := range work {
				e := entries[i]
				unlock := lock(&alone, e.memory > 1)
				r := s.agreed(ctx, e, o, p)
				unlock()
				if ctx.Err() != nil { // it was ended, which is no verdict
					continue
				}
				mu.Lock()
				results[i] = r
				done++
				if r.verdict == passed {
					good++
				}
				fmt.Printf("%4d/%d %-8s %6.1fs  %s\n", done, len(entries), r.verdict, r.took.Seconds(), e.key())
				mu.Unlock()
			}
		})
	}
	for i := range entries {
		if ctx.Err() != nil {
			break
		}
		work <- i
	}
	close(work)
	workers.Wait()
	return results, nil
}

func lock(mu *sync.RWMutex, alone bool) (unlock func()) {
	if alone {
		mu.Lock()
		return mu.Unlock
	}
	mu.RLock()
	return mu.RUnlock
}

// spawnRoom is more than any test spawns at one time.
const spawnRoom = 128

// agreed runs an entry o.repeat times. A verdict counts when all runs agree; else it
// is unsteady. With o.algorithms a pass counts when it passes with each of them.
func (s *suite) agreed(ctx context.Context, e *entry, o *options, p *place) *result {
	first := s.runCut(ctx, e, o.limit, p)
	for n := 1; n < o.repeat && first.verdict != unbuilt && first.verdict != skipped && ctx.Err() == nil; n++ {
		r := s.runCut(ctx, e, o.limit, p)
		first.took += r.took
		if r.verdict != first.verdict {
			first.reason = fmt.Sprintf("run %d is a %s and the first a %s: %s %s", n+1, r.verdict, first.verdict, first.reason, r.reason)
			first.verdict = unsteady
			return first
		}
	}
	if o.algorithms && e.collective() && first.verdict == passed {
		return s.forced(ctx, e, o, p, first)
	}
	return first
}

// mostTries is how often an entry is run in a lab until a rail is cut inside the run.
const mostTries = 4

// runCut runs an entry once, in a lab so that a rail is cut meanwhile.
func (s *suite) runCut(ctx context.Context, e *entry, limit time.Duration, p *place) (r *result) {
	for range mostTries {
		r = s.runOne(ctx, e, limit, p)
		if p.lab == nil || e.ranks == 1 || r.verdict != passed || r.cut.inside {
			break
		}
	}
	return r
}

func (s *suite) runOne(ctx context.Context, e *entry, limit time.Duration, p *place) *result {
	r := &result{entry: e}
	if _, err := os.Stat(filepath.Join(s.root, e.dir, e.program)); err != nil {
		r.verdict, r.reason = unbuilt, "does not compile or link: see build.log"
		return r
	}
	if have := memoryGB(); e.memory > have {
		r.verdict, r.reason = skipped, fmt.Sprintf("needs %.1f GB of memory, %.1f are free", e.memory, have)
		return r
	}
	if e.limit > 0 {
		limit = e.limit
	}
	start := time.Now()
	output, status, late := s.launch(ctx, r, limit, p)
	r.took = time.Since(start)
	if p.lab != nil {
		defer func() { r.reason = strings.TrimSpace(r.cut.String() + "; " + r.reason) }()
	}
	// A program that is to be ended by its time limit (TestErrFatal) may be so.
	r.verdict, r.reason = judge(e.resultTest, output, status)
	if late && r.verdict != passed {
		r.verdict = timedOut
		r.reason = fmt.Sprintf("not done after %v: %s", limit, lastLines(output))
	}
	if e.xfail && r.verdict != passed && r.verdict != unbuilt {
		r.verdict = xfailed
	}
	return r
}

// launch runs an entry under rainrun in its own session, so that what a test
// leaves behind can be ended with it.
func (s *suite) launch(ctx context.Context, r *result, limit time.Duration, p *place) (output string, status int, late bool) {
	e := r.entry
	args := append([]string{"-n", strconv.Itoa(e.ranks)}, p.hosts(e.ranks)...)
	args = append(args, e.mpiexecArgs...)
	dir, program := filepath.Join(s.root, e.dir), "./"+e.program
	if e.dir == "io" { // many of them write the same file
		own, err := os.MkdirTemp(s.root, "io-")
		if err != nil {
			return err.Error(), -1, false
		}
		defer os.RemoveAll(own)
		dir, program = own, filepath.Join("..", e.dir, e.program)
	}
	if e.spawns() {
		// Tests that find no room in MPI_UNIVERSE_SIZE do nothing, and call that a success.
		args = append(args, "--host", "localhost:"+strconv.Itoa(e.ranks+spawnRoom))
	}
	args = append(append(args, program), e.args...)
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := p.command(ctx, filepath.Join(s.prefix, "bin/rainrun"), args...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+s.prefix+"/lib")
	cmd.Env = append(cmd.Env, e.env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = graceAfterLimit
	over := func() cut { return cut{} }
	if p.lab != nil {
		over = p.cutRail(e)
	}
	err := cmd.Run()
	if r.cut = over(); r.cut.err != nil {
		fmt.Fprintln(&out, r.cut)
	}
	if cmd.Process != nil {
		// The group is gone, as a rule; ESRCH is what is hoped for.
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out.String(), 0, false
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		status = exit.ExitCode()
	default:
		status = -1
		fmt.Fprintln(&out, err)
	}
	return out.String(), status, ctx.Err() == context.DeadlineExceeded
}

func memoryGB() float64 {
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil {
		return 0
	}
	return float64(info.Freeram+info.Bufferram) * float64(info.Unit) / 1e9
}
