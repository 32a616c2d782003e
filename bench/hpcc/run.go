package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// How long each fault lasts.
const faultLength = 3 * time.Second

// A seen fault or repair: when it was, in which of HPCC's sections, and what the
// lab had counted until then.
type seen struct {
	event   lab.Event
	section string
	status  *lab.Status
}

type outcome struct {
	elapsed time.Duration
	events  []seen
	planned int
	before  *lab.Status
	after   *lab.Status
	output  string // hpccoutf.txt
}

// run runs HPCC on two lab hosts and breaks the rails meanwhile.
func run(ctx context.Context, o *options, prefix, cache, prog string) (*outcome, error) {
	dir := filepath.Join(cache, "run")
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	text, err := input(o.order, o.ranks)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "hpccinf.txt"), []byte(text), 0o666); err != nil {
		return nil, err
	}
	impls, err := bench.Find([]string{bench.RainMPI}, prefix)
	if err != nil {
		return nil, err
	}
	var l *lab.Lab
	if !o.here {
		if l, err = lab.New(ctx, lab.Config{Hosts: 2, Rails: 2, Rate: 1e9}); err != nil {
			return nil, err
		}
		defer l.Close()
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	cmd := impls[0].Command(&bench.Setting{Lab: l}, o.ranks, prog)
	cmd.Dir = dir
	// The ranks are more than the cores: BLAS's own threads would only add to that.
	cmd.Env = append(cmd.Env, "OPENBLAS_NUM_THREADS=1")
	r := &outcome{}
	return r, r.start(ctx, o, l, cmd, dir)
}

func (r *outcome) start(ctx context.Context, o *options, l *lab.Lab, cmd *exec.Cmd, dir string) error {
	out := filepath.Join(dir, "hpccoutf.txt")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.WaitDelay = time.Second
	where := "this machine"
	if l != nil {
		var err error
		if r.before, err = l.Status(); err != nil {
			return err
		}
		where = "h1 and h2, two rails of 1 Gbit/s: " + l.Mode()
	}
	fmt.Printf("HPCC with %d ranks, order %d, on %s\n", o.ranks, o.order, where)
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	over, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { watchSections(over, out, start) })
	watch.Go(func() { r.breakRails(over, o, l, out, start) })
	err := cmd.Wait()
	r.elapsed = time.Since(start)
	cancel()
	watch.Wait()
	if text, readErr := os.ReadFile(out); readErr == nil {
		r.output = string(text)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("HPCC was not done after %.0f s; its last section was %s\n%s", r.elapsed.Seconds(), section(r.output), said.String())
	}
	if err != nil {
		return fmt.Errorf("HPCC: %w\n%s", err, said.String())
	}
	if l != nil {
		r.after, err = l.Status()
	}
	return err
}

// events is what happens to the rails.
func (o *options) events() []lab.Event {
	fault := func(at time.Duration, kind, rail string) lab.Event {
		return lab.Event{At: at, Fault: lab.Fault{Kind: kind, Rail: rail}}
	}
	switch {
	case o.healthy, o.here:
		return nil
	case o.total > 0:
		end := o.cut + o.total
		return []lab.Event{
			fault(o.cut, lab.KindCut, "rail1"), fault(o.cut, lab.KindCut, "rail2"),
			fault(end, lab.KindMend, "rail1"), fault(end, lab.KindMend, "rail2"),
		}
	}
	return []lab.Event{
		fault(o.cut, lab.KindCut, "rail1"), fault(o.cut+faultLength, lab.KindMend, "rail1"),
		fault(o.hole, lab.KindBlackHole, "rail2"), fault(o.hole+faultLength, lab.KindMend, "rail2"),
	}
}

// breakRails carries out the timeline and notes what was going on.
func (r *outcome) breakRails(ctx context.Context, o *options, l *lab.Lab, out string, start time.Time) {
	events := o.events()
	r.planned = len(events)
	if r.planned == 0 {
		return
	}
	err := l.Play(ctx, events, func(e lab.Event, at time.Time) {
		s := seen{event: e}
		if text, err := os.ReadFile(out); err == nil {
			s.section = section(string(text))
		}
		s.status, _ = l.Status()
		r.events = append(r.events, s)
		fmt.Printf("%7.1f s  *** %s, during %s\n", at.Sub(start).Seconds(), e.Fault, s.section)
	})
	if err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "hpcc:", err)
	}
}

// watchSections says which section HPCC is in.
func watchSections(ctx context.Context, out string, start time.Time) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		text, err := os.ReadFile(out)
		if err != nil {
			continue
		}
		if now := section(string(text)); now != last {
			fmt.Printf("%7.1f s  %s\n", time.Since(start).Seconds(), now)
			last = now
		}
	}
}

// section is the last that HPCC has begun, by its output.
func section(output string) string {
	i := strings.LastIndex(output, "Begin of ")
	if i < 0 {
		return "the start"
	}
	name, _, _ := strings.Cut(output[i+len("Begin of "):], " section")
	return name
}

// report prints what HPCC measured and checks everything.
func (r *outcome) report(w io.Writer, o *options) error {
	problems := checkOutput(r.output)
	problems = append(problems, r.checkFaults(o)...)
	fmt.Fprintf(w, "\nHPCC ended after %.1f s\n", r.elapsed.Seconds())
	s := summary(r.output)
	for _, key := range []string{"HPL_Tflops", "PTRANS_GBs", "MPIRandomAccess_GUPs", "MPIFFT_Gflops", "MPIFFT_maxErr",
		"MinPingPongBandwidth_GBytes", "NaturallyOrderedRingBandwidth_GBytes", "MaxPingPongLatency_usec"} {
		fmt.Fprintf(w, "    %-40s %s\n", key, s[key])
	}
	for i, share := range r.shares() {
		fmt.Fprintf(w, "    %s carried %.0f %% of what h1 sent\n", r.after.Rails[i].Name, 100*share)
		if share < leastShare {
			problems = append(problems, fmt.Sprintf("%s carried %.1f %% of what h1 sent, less than %.0f %%: the other did its work", r.after.Rails[i].Name, 100*share, 100*leastShare))
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d checks failed:\n    %s", len(problems), strings.Join(problems, "\n    "))
	}
	if o.here {
		fmt.Fprintln(w, "all of HPCC's checks passed")
		return nil
	}
	fmt.Fprintln(w, "all of HPCC's checks passed, all faults fell inside the run, each rail carried its share")
	return nil
}

// shares are the rails' of what the first lab host sent; none without a lab.
func (r *outcome) shares() []float64 {
	if r.after == nil {
		return nil
	}
	return bench.Shares(r.before, r.after)
}
