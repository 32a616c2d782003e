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
	user := fs.Bool("user-namespace", false, "use a user namespace even as root")
	striping := stripingFlags(fs)
	where := placeFlags(fs)
	if err := parse(fs, args); err != nil {
		return 2, err
	}
	if fs.Changed("rails") {
		return striping(*peers, *runs, *seconds, *user, where)
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
	r := railsBench{ctx: ctx, dir: w.dir, runs: *runs, seconds: *seconds, down: *down, user: *user}
	missed := 0
	for _, i := range w.impls {
		bars, err := r.measure(i, w.progs[i.Name], broken)
		if err != nil {
			return 1, err
		}
		for _, b := range bars {
			if !b.Passed() && i.Name == bench.RainMPI {
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
	user          bool
}

func (r *railsBench) measure(i *bench.Impl, prog string, faults []lab.Fault) ([]bench.Bar, error) {
	fmt.Printf("%s, 1 MiB messages, every one checked:\n", i.Name)
	one, err := r.bandwidth(i, prog, 1, "")
	if err != nil {
		return nil, err
	}
	bars := []bench.Bar{{What: "one rail of 1 Gbit/s", Value: one, Least: 0.88 * bench.Gigabit, Unit: "MB/s"}}
	fmt.Println(bars[0])
	two, err := r.bandwidth(i, prog, 2, "")
	if err != nil {
		return bars, err
	}
	bars = append(bars, bench.Bar{What: "two rails, beside one", Value: two / one, Least: 1.8, Unit: "times"})
	fmt.Printf("%s  %.1f MB/s\n", bars[1], two)
	if half, err := r.bandwidth(i, prog, 2, "cut:rail1"); err != nil {
		fmt.Println("started with one of two rails cut:", err)
		bars = append(bars, bench.Bar{What: "start with one of two rails cut", Least: 0.9})
	} else {
		bars = append(bars, bench.Bar{What: "one of two rails cut before the start, beside one", Value: half / one, Least: 0.9, Unit: "times"})
		fmt.Println(bars[2])
	}
	more, err := r.streams(i, prog, faults, one)
	return append(bars, more...), err
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

// bandwidth is the median over runs of the C program's figure.
func (r *railsBench) bandwidth(i *bench.Impl, prog string, rails int, fault string) (float64, error) {
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
		run, err := bench.Execute(r.ctx, cmd, time.Duration(r.seconds*8+30)*time.Second, nil)
		if err != nil {
			return 0, err
		}
		if len(run.Results) == 0 || run.Results[0].Wrong > 0 {
			return 0, fmt.Errorf("%s: wrong or no messages: %+v %s", i.Name, run.Results, run.Stderr)
		}
		v = append(v, run.Results[0].Value)
	}
	after, err := l.Status()
	if err != nil {
		return 0, err
	}
	fmt.Printf("      %d runs: %.1f MB/s; share of each rail:%s\n", len(v), v, percents(bench.Shares(before, after)))
	return bench.Median(v), nil
}

func percents(parts []float64) string {
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, " %.0f %%", p*100)
	}
	return b.String()
}

// streams breaks and mends a rail under one stream for each fault.
func (r *railsBench) streams(i *bench.Impl, prog string, faults []lab.Fault, one float64) ([]bench.Bar, error) {
	l, s, err := r.newLab(2)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	var bars []bench.Bar
	for _, f := range faults {
		b := bench.BrokenStream{
			Impl: i, Setting: s, Prog: prog, Ranks: 2, Size: "1M", Fault: f,
			Break: 2, Mend: 2 + r.down, Seconds: 6 + r.down,
			Limit: time.Duration(6+r.down)*time.Second + 30*time.Second,
		}.Run(r.ctx)
		bar := bench.Bar{What: fmt.Sprintf("%s for %g s, beside one rail", f, r.down), Value: b.Down / one, Least: 0.9, Unit: "times"}
		if b.Err != nil || b.Wrong > 0 {
			bar.Value = 0
		}
		bars = append(bars, bar)
		fmt.Println(bar)
		if b.Err != nil && !errors.Is(b.Err, bench.ErrTimeout) {
			fmt.Println("     ", b.Err)
		} else if b.Err != nil {
			fmt.Printf("      hung: %v; %.0f MB/s before, %.0f while down\n", b.Err, b.Before, b.Down)
		} else {
			fmt.Printf("      %.0f MB/s before, %.0f while down, %.0f after; longest gap %.3f s; %d messages, %d wrong; shares:%s\n",
				b.Before, b.Down, b.Back, b.Gap, b.Messages, b.Wrong, percents(b.Shares))
		}
	}
	return bars, nil
}
