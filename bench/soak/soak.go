package soak

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rainmpi/bench/lab"
)

// A Config says what is run, where and for how long.
type Config struct {
	Lab      *lab.Lab
	Rainrun  string // its path
	Self     string // a program that calls Play
	PerHost  int    // ranks on each host
	Duration time.Duration
	Seed     uint64
	Tell     io.Writer // progress, a line now and then; nil: none
}

// A Report is what came of it.
type Report struct {
	Ranks   [][]Sample // by rank, in order of time
	Agents  [][]Sample // by host
	Faults  map[string]int
	Wrong   []string // empty: all as it must be
	Elapsed time.Duration
}

// What a process may use more at the end than it did when a fifth of the time was over.
const (
	moreRSS        = 16 << 20 // bytes: buffers reach their largest late
	moreFDs        = 4
	moreGoroutines = 4
)

// grace is how long the job may take to end after its time.
const grace = 60 * time.Second

// Run runs the job.
func (c Config) Run(ctx context.Context) (*Report, error) {
	n := c.PerHost * len(c.Lab.Hosts)
	r := &Report{Ranks: make([][]Sample, n), Agents: make([][]Sample, len(c.Lab.Hosts))}
	var slots []string
	for _, h := range c.Lab.Hosts {
		slots = append(slots, fmt.Sprintf("%s:%d", h.Name, c.PerHost))
	}
	ctx, cancel := context.WithTimeout(ctx, c.Duration+grace)
	defer cancel()
	cmd := c.Lab.Outside().CommandContext(ctx, c.Rainrun, "-n", fmt.Sprint(n), "--host", strings.Join(slots, ","), "--bind-to", "none",
		"--agent-command", c.Lab.AgentCommand(), c.Self, RankRole, fmt.Sprint(c.Duration.Seconds()), fmt.Sprint(c.Seed))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	breaking, stop := context.WithTimeout(ctx, c.Duration)
	defer stop()
	broken := make(chan error, 1)
	go func() {
		did, err := c.breakRails(breaking)
		r.Faults = did
		broken <- err
	}()
	c.read(out, r, start)
	err = cmd.Wait()
	stop()
	if e := <-broken; e != nil {
		return nil, e
	}
	r.Elapsed = time.Since(start)
	if err != nil {
		r.Wrong = append(r.Wrong, fmt.Sprintf("the job: %v\n%s", err, errs.String()))
	}
	r.judge(c.Duration)
	return r, nil
}

// read takes the ranks' samples, and samples the agents when rank 0 tells of itself.
func (c *Config) read(out io.Reader, r *Report, start time.Time) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var s Sample
		if json.Unmarshal(lines.Bytes(), &s) != nil || s.Rank < 0 || s.Rank >= len(r.Ranks) {
			r.Wrong = append(r.Wrong, "a rank says: "+lines.Text())
			continue
		}
		r.Ranks[s.Rank] = append(r.Ranks[s.Rank], s)
		if s.Rank > 0 {
			continue
		}
		for i, h := range c.Lab.Hosts {
			if pid := agentOn(h); pid > 0 {
				a := Sample{Rank: i, At: time.Since(start).Seconds()}
				a.RSS, a.FDs = Uses(pid)
				r.Agents[i] = append(r.Agents[i], a)
			}
		}
		if c.Tell != nil {
			fmt.Fprintf(c.Tell, "%6.0f s  %d rounds, %d messages to rank 0, %d MiB; longest round %.2f s; %d MiB resident, %d descriptors\n",
				s.At, s.Rounds, s.Messages, s.Bytes>>20, s.Pause, s.RSS>>20, s.FDs)
		}
	}
}

// agentOn finds the agent of the job on a lab host, as seen from outside; 0: it has gone.
func agentOn(h *lab.Host) int {
	ns, err := h.Command("readlink", "/proc/self/ns/uts").Output()
	if err != nil {
		return 0
	}
	links, _ := filepath.Glob("/proc/[0-9]*/ns/uts")
	for _, link := range links {
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err != nil || !sameNamespace(link, strings.TrimSpace(string(ns))) {
			continue
		}
		if isAgent(pid) {
			return pid
		}
	}
	return 0
}

func sameNamespace(link, ns string) bool {
	got, err := os.Readlink(link)
	return err == nil && got == ns
}

func isAgent(pid int) bool {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return strings.Contains(strings.ReplaceAll(string(line), "\x00", " "), "agent --guarded")
}

// judge compares what processes use at the end with what they used early.
func (r *Report) judge(d time.Duration) {
	check := func(who string, samples []Sample) {
		early := slices.IndexFunc(samples, func(s Sample) bool { return s.At >= d.Seconds()/5 })
		if early < 0 || early == len(samples)-1 {
			return // too short to say anything
		}
		a, b := samples[early], samples[len(samples)-1]
		for _, u := range []struct {
			what         string
			before, more int64
			after        int64
		}{
			{"bytes of memory", a.RSS, moreRSS, b.RSS},
			{"descriptors", int64(a.FDs), moreFDs, int64(b.FDs)},
			{"goroutines", int64(a.Goroutines), moreGoroutines, int64(b.Goroutines)},
		} {
			if u.after > u.before+u.more {
				r.Wrong = append(r.Wrong, fmt.Sprintf("%s: %d %s after %.0f s, %d at the end", who, u.before, u.what, a.At, u.after))
			}
		}
	}
	for i, s := range r.Ranks {
		if len(s) == 0 || s[len(s)-1].Messages == 0 {
			r.Wrong = append(r.Wrong, fmt.Sprintf("rank %d has told nothing", i))
		}
		check(fmt.Sprintf("rank %d", i), s)
	}
	for i, s := range r.Agents {
		check(fmt.Sprintf("the agent of host %d", i+1), s)
	}
}

// Print says what came of it.
func (r *Report) Print(w io.Writer) {
	var messages, bytes int64
	pause := 0.0
	for i, s := range r.Ranks {
		if len(s) == 0 {
			continue
		}
		a, b := s[0], s[len(s)-1]
		messages, bytes, pause = messages+b.Messages, bytes+b.Bytes, max(pause, b.Pause)
		fmt.Fprintf(w, "rank %d   %4d → %4d MiB resident, %2d → %2d goroutines, %2d → %2d descriptors\n", i, a.RSS>>20, b.RSS>>20, a.Goroutines, b.Goroutines, a.FDs, b.FDs)
	}
	for i, s := range r.Agents {
		if len(s) > 0 {
			a, b := s[0], s[len(s)-1]
			fmt.Fprintf(w, "agent %d  %4d → %4d MiB resident, %20s %2d → %2d descriptors\n", i+1, a.RSS>>20, b.RSS>>20, "", a.FDs, b.FDs)
		}
	}
	fmt.Fprintf(w, "%d messages, %d MiB, all checked, in %.0f s; longest round %.2f s; faults: %v\n", messages, bytes>>20, r.Elapsed.Seconds(), pause, r.Faults)
	for _, wrong := range r.Wrong {
		fmt.Fprintln(w, "WRONG:", wrong)
	}
}
