package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"gonum.org/v1/gonum/stat"
)

// A Result is one line of the C program: one test at one size.
type Result struct {
	Test     string  `json:"test"`
	Size     int     `json:"size"`
	Ranks    int     `json:"ranks"`
	Value    float64 `json:"value"`
	Unit     string  `json:"unit"`
	Messages uint64  `json:"messages"`
	Checked  bool    `json:"checked"`
	Wrong    uint64  `json:"wrong"` // checked messages that were not what was sent
}

// A Tick is one line of the stream test while it runs.
type Tick struct {
	At   float64 `json:"at"`   // seconds since the receiver's start
	MBps float64 `json:"MB/s"` // since the tick before
	Gap  float64 `json:"gap"`  // longest between two messages since then, seconds
}

// A Run is what one start of the C program printed.
type Run struct {
	Results []Result
	Ticks   []Tick
	Elapsed time.Duration
	Said    []string // what else it printed, by line
	Stderr  string
}

// ErrTimeout is wrapped by Execute's error when a run did not end in time.
var ErrTimeout = errors.New("did not end")

// Execute starts cmd, hands each tick to onTick as it comes (which may be nil),
// and ends the run with SIGKILL when limit is over.
func Execute(ctx context.Context, cmd *exec.Cmd, limit time.Duration, onTick func(Tick)) (Run, error) {
	var r Run
	var errs bytes.Buffer
	cmd.Stderr = &errs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.WaitDelay = time.Second // a rank that outlives its killed launcher holds the pipe
	out, err := cmd.StdoutPipe()
	if err != nil {
		return r, err
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return r, err
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		time.AfterFunc(cmd.WaitDelay, func() { out.Close() }) // Wait would end its reading, but is not called before
	})
	defer stop()

	lines := bufio.NewScanner(out)
	var strange []string
	for lines.Scan() {
		if !r.line(lines.Bytes(), onTick) {
			strange = append(strange, lines.Text())
		}
	}
	err = cmd.Wait()
	r.Elapsed, r.Said, r.Stderr = time.Since(start), strange, errs.String()
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("%w within %v", ErrTimeout, limit)
	case err != nil:
		return r, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, ends(errs.String()+strings.Join(strange, "\n")))
	}
	return r, nil
}

// line takes one line of output and says whether it was one of the program's.
func (r *Run) line(b []byte, onTick func(Tick)) bool {
	var either struct {
		Result
		At   *float64 `json:"at"`
		MBps float64  `json:"MB/s"`
		Gap  float64  `json:"gap"`
	}
	if json.Unmarshal(b, &either) != nil {
		return false
	}
	if either.At == nil {
		r.Results = append(r.Results, either.Result)
		return true
	}
	t := Tick{*either.At, either.MBps, either.Gap}
	r.Ticks = append(r.Ticks, t)
	if onTick != nil {
		onTick(t)
	}
	return true
}

// ends of what a program said: why it crashed stands first, what its launcher made of that last. Between them there
// may be the stacks of a hundred goroutines.
func ends(s string) string {
	const first, last = 2000, 600
	s = strings.TrimSpace(s)
	if len(s) > first+last {
		s = s[:first] + "\n…\n" + s[len(s)-last:]
	}
	return s
}

// Median of a list that is not empty.
func Median(v []float64) float64 {
	s := slices.Clone(v)
	slices.Sort(s)
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return stat.Quantile(0.5, stat.Empirical, s, nil)
}

// Mean of the ticks with from < at <= to, seconds; 0 if there are none.
func Mean(ticks []Tick, from, to float64) float64 {
	var v []float64
	for _, t := range ticks {
		if t.At > from && t.At <= to {
			v = append(v, t.MBps)
		}
	}
	if len(v) == 0 {
		return 0
	}
	return stat.Mean(v, nil)
}
