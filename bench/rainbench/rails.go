package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// railsMain measures the bandwidth at 1 MiB between two lab hosts over one and
// two rails of 1 Gbit/s and while one of two is broken; or, with --rails, how full
// that many rails are.
func railsMain(args []string) (int, error) {
	fs := pflag.NewFlagSet("rainbench rails", pflag.ContinueOnError)
	peers := fs.StringSlice("peers", []string{"rainmpi"}, "implementations; the bars are rainmpi's")
	runs := fs.Int("runs", 3, "runs of each bandwidth")
	seconds := fs.Float64("duration", 1, "about how long one bandwidth is measured, seconds")
	faults := fs.StringSlice("faults", []string{"cut:rail1", "cut:rail1@h2:host", "blackhole:rail2"}, "what breaks the rail, one stream each")
	down := fs.Float64("down", 3, "how long the rail is broken, seconds")
	patience := fs.Duration("patience", 30*time.Second, "a run that takes so much longer than planned hangs, and is ended")
	asJSON := fs.String("json", "", "write the figures to a file as JSON")
	user := fs.Bool("user-namespace", false, "use a user namespace even as root")
	striping := stripingFlags(fs)
	where := benchFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if fs.Changed("rails") {
		return striping(bench.Striping{Runs: *runs, Seconds: *seconds, Patience: *patience}, *peers, *user, where, *asJSON)
	}
	var broken []lab.Fault
	for _, s := range *faults {
		f, err := lab.ParseFault(s)
		if err != nil {
			return 2, err
		}
		broken = append(broken, f)
	}
	w, remove, err := where.programs(*peers)
	if err != nil {
		return 1, err
	}
	defer remove()
	ctx, stop := untilInterrupted()
	defer stop()
	r := railsBench{ctx: ctx, dir: w.dir, runs: *runs, seconds: *seconds, down: *down, patience: *patience, user: *user}
	for _, i := range w.impls {
		if err = r.measure(i, w.progs[i.Name], broken); err != nil {
			break
		}
	}
	if ctx.Err() != nil {
		return 1, errors.New("rails: interrupted")
	}
	if err := errors.Join(err, writeJSON(*asJSON, r.reports)); err != nil {
		return 1, err
	}
	missed := 0
	for _, report := range r.reports {
		for _, b := range report.Bars {
			if !b.Passed() && report.Impl == bench.RainMPI {
				missed++
			}
		}
	}
	if missed > 0 {
		return 1, fmt.Errorf("rails: %d bars not reached", missed)
	}
	return 0, nil
}

type railsBench struct {
	ctx           context.Context
	dir           string
	runs          int
	seconds, down float64
	patience      time.Duration
	user          bool
	reports       []*railsReport
}

// A railsReport is what --json writes of one implementation.
type railsReport struct {
	Impl     string      `json:"implementation"`
	Bars     []bench.Bar `json:"bars"` // to reach for rainmpi; the figures of the others
	Failures []string    `json:"failures,omitempty"`
}

func (r *railsReport) add(b bench.Bar) {
	r.Bars = append(r.Bars, b)
	fmt.Println(b)
}

// failed tells of a run that failed or hung: its figure is 0.
func (r *railsReport) failed(err error) {
	r.Failures = append(r.Failures, err.Error())
	fmt.Println("     ", err)
}

// times says how many times a rate another one is; 0 if there is none.
func times(rate, of float64) float64 {
	if of == 0 {
		return 0
	}
	return rate / of
}

// measure fails if there can be no lab.
func (r *railsBench) measure(i *bench.Impl, prog string, faults []lab.Fault) error {
	fmt.Printf("%s, 1 MiB messages, every one checked:\n", i.Name)
	out := &railsReport{Impl: i.Name}
	r.reports = append(r.reports, out)
	one, err := r.bandwidth(out, i, prog, 1, "")
	if err != nil {
		return err
	}
	out.add(bench.Bar{What: "one rail of 1 Gbit/s", Value: one, Least: 0.88 * bench.Gigabit, Unit: "MB/s"})
	two, err := r.bandwidth(out, i, prog, 2, "")
	if err != nil {
		return err
	}
	out.add(bench.Bar{What: "two rails, beside one", Value: times(two, one), Least: 1.8, Unit: "times"})
	half, err := r.bandwidth(out, i, prog, 2, "cut:rail1")
	if err != nil {
		return err
	}
	out.add(bench.Bar{What: "one of two rails cut before the start, beside one", Value: times(half, one), Least: 0.9, Unit: "times"})
	return r.streams(out, i, prog, faults, one)
}

func (r *railsBench) newLab(rails int) (*lab.Lab, bench.Setting, error) {
	l, err := lab.New(r.ctx, lab.Config{Rails: rails, Rate: 1e9, UserNamespace: r.user})
	if err != nil {
		return nil, bench.Setting{}, err
	}
	s, err := setting(l, r.dir)
	if err != nil {
		l.Close()
	}
	return l, s, err
}

// bandwidth is the median over runs of the C program's figure; 0 if one fails.
func (r *railsBench) bandwidth(out *railsReport, i *bench.Impl, prog string, rails int, fault string) (float64, error) {
	l, s, err := r.newLab(rails)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	if fault != "" {
		f, err := lab.ParseFault(fault)
		if err != nil {
			return 0, err
		}
		if err := l.Fault(f); err != nil {
			return 0, err
		}
	}
	before, err := l.Status()
	if err != nil {
		return 0, err
	}
	var v []float64
	for range r.runs {
		cmd := i.Command(&s, 2, prog, "-t", "bandwidth", "-s", "1M", "-c", "-d", fmt.Sprint(r.seconds))
		run, err := bench.Execute(r.ctx, cmd, inSeconds(r.seconds*8)+r.patience, nil)
		if err == nil && (len(run.Results) == 0 || run.Results[0].Wrong > 0) {
			err = fmt.Errorf("wrong or no messages: %+v %s", run.Results, run.Stderr)
		}
		if err != nil {
			out.failed(fmt.Errorf("%s, bandwidth over %d rails: %w", i.Name, rails, err))
			return 0, r.ctx.Err()
		}
		v = append(v, run.Results[0].Value)
	}
	after, err := l.Status()
	if err != nil {
		return 0, err
	}
	fmt.Printf("      %d runs: %.1f MB/s; share of each rail:%s\n", len(v), bench.Median(v), percents(bench.Shares(before, after)))
	return bench.Median(v), nil
}

func inSeconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func percents(parts []float64) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, " %.0f %%", p*100)
	}
	return b.String()
}

// streams breaks and mends a rail under one stream for each fault.
func (r *railsBench) streams(out *railsReport, i *bench.Impl, prog string, faults []lab.Fault, one float64) error {
	l, s, err := r.newLab(2)
	if err != nil {
		return err
	}
	defer func() { l.Close() }() // the last one
	for _, f := range faults {
		b := bench.BrokenStream{
			Impl: i, Setting: s, Prog: prog, Ranks: 2, Size: "1M", Fault: f,
			Break: 2, Mend: 2 + r.down, Seconds: 6 + r.down,
			Limit: inSeconds(6+r.down) + r.patience,
		}.Run(r.ctx)
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		bar := bench.Bar{What: fmt.Sprintf("%s for %g s, beside one rail", f, r.down), Value: times(b.Down, one), Least: 0.9, Unit: "times"}
		if b.Err != nil || b.Wrong > 0 {
			bar.Value = 0
		}
		out.add(bar)
		if b.Err == nil {
			fmt.Printf("      %.0f MB/s before, %.0f while down, %.0f after; longest gap %.3f s; %d messages, %d wrong; shares:%s\n",
				b.Before, b.Down, b.Back, b.Gap, b.Messages, b.Wrong, percents(b.Shares))
			continue
		}
		out.failed(fmt.Errorf("%s, %s: %w; %.0f MB/s before, %.0f while down", i.Name, f, b.Err, b.Before, b.Down))
		// What has hung may go on in its lab, in the way of the next stream.
		l.Close()
		next, place, err := r.newLab(2)
		if err != nil {
			return err
		}
		l, s = next, place
	}
	return nil
}
