package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"rainmpi/bench"
)

// summary tells what was shown; the status is 1 if rainmpi did not do it.
func (d *demo) summary() (int, error) {
	d.lines.print("")
	d.lines.print(fmt.Sprintf("Summary (%s, %.0f s)", d.mode, time.Since(d.start).Seconds()))
	failed := 0
	for _, j := range d.jobs {
		word := "ok"
		switch {
		case j.err != nil:
			word = "FAILED: " + firstLine(j.err)
			failed++
		case !j.inside:
			word = "ended before the fault was over: it proves less than it should"
		}
		d.lines.print(fmt.Sprintf("  %-11s %d ranks, %s under it: %s; %.1f s%s", j.name, jobRanks,
			describeShort(j), word, j.elapsed.Seconds(), sharesText(j.shares)))
	}
	d.lines.print("")
	d.lines.print("  stream of 1 MiB messages, MB/s   before   rail1 down     after   longest gap   wrong or lost")
	for _, s := range d.broken {
		if s.Err != nil && !errors.Is(s.Err, bench.ErrTimeout) {
			d.lines.print(fmt.Sprintf("  %-30s %s", s.name, firstLine(s.Err)))
		} else if s.Err != nil {
			d.lines.print(fmt.Sprintf("  %-30s %8.1f %12.1f   hung: ended after %v", s.name, s.Before, s.Down, hangLimit))
		} else {
			d.lines.print(fmt.Sprintf("  %-30s %8.1f %12.1f %9.1f %11.2f s %9d of %d",
				s.name, s.Before, s.Down, s.Back, s.Gap, s.Wrong, s.Messages))
		}
		if s.name == bench.RainMPI && (s.Err != nil || s.Wrong > 0 || s.Down <= 0) {
			failed++
		}
	}
	d.verdict()
	if failed > 0 {
		return 1, fmt.Errorf("demo: %d of its parts failed", failed)
	}
	return 0, d.ctx.Err()
}

// verdict says in words what the figures mean.
func (d *demo) verdict() {
	d.lines.print("")
	for _, s := range d.broken {
		switch {
		case s.Err != nil && !errors.Is(s.Err, bench.ErrTimeout), s.Before == 0:
		case s.Err != nil:
			d.lines.print(fmt.Sprintf("  %s hung: rail1 was cut and repaired, and it did not end within %v.", s.name, hangLimit))
		case s.Down < s.Before/20:
			d.lines.print(fmt.Sprintf("  %s stood still while rail1 was cut, though rail2 was whole: nothing came for %.1f s.", s.name, s.Gap))
		default:
			d.lines.print(fmt.Sprintf("  %s went on at %.0f %% of its bandwidth while rail1 was cut%s.", s.name, 100*s.Down/s.Before, spared(s.Shares)))
		}
	}
	if d.lonely {
		d.lines.print("  Open MPI and MPICH are not installed: apt-get install openmpi-bin libopenmpi-dev mpich libmpich-dev shows them beside it.")
	}
}

// spared says so where a stream was on one rail all the time, which was not the
// one that was cut: nothing was proved then.
func spared(shares []float64) string {
	if len(shares) > 0 && shares[0] < 0.02 {
		return ", which it did not use"
	}
	return ""
}

func describeShort(j jobShown) string {
	return j.fault.Rail + " " + map[string]string{
		"cut": "cut", "blackhole": "a black hole"}[j.fault.Kind]
}

func sharesText(parts []float64) string {
	if len(parts) == 0 {
		return ""
	}
	return "; share of each rail:" + percents(parts)
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
