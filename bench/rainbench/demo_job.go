package main

import (
	"bufio"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"

	"rainmpi/bench/lab"
)

// A printer writes lines of several goroutines whole.
type printer struct{ mu sync.Mutex }

func (p *printer) print(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Println(line)
}

// When a program's rail fails, when it comes back, how long the program may take.
const (
	jobRanks = 4
	jobBreak = 2 * time.Second
	jobMend  = 5 * time.Second
	jobTime  = 9 * time.Second // about
	jobLimit = 90 * time.Second
	rateStep = 500 * time.Millisecond
)

// program compiles and runs one program, and breaks a rail under it.
func (d *demo) program(name string, fault lab.Fault, compile func() (string, error)) {
	if d.ctx.Err() != nil {
		return
	}
	job := jobShown{name: name, fault: fault}
	prog, err := compile()
	if err == nil {
		d.say("")
		d.say("%s: %d ranks on h1 and h2", name, jobRanks)
		err = d.runLongEnough(&job, prog)
	}
	job.err = err
	if err != nil {
		d.say("    %s: %v", name, err)
	}
	d.jobs = append(d.jobs, job)
}

// runLongEnough runs the program with the arguments that the user gave, or
// until a run of it has outlived its fault: a trial on a machine that was busy
// tells too small a number of steps.
func (d *demo) runLongEnough(job *jobShown, prog string) error {
	if len(d.args) > 0 {
		return d.run(job, prog, d.args)
	}
	steps := d.enoughSteps(prog)
	for try := 1; ; try++ {
		err := d.run(job, prog, []string{"--steps", fmt.Sprint(steps)})
		if err != nil || job.inside || try == 3 || d.ctx.Err() != nil {
			return err
		}
		steps *= 2
		d.say("    %s ended before the fault was over: once more, with %d steps", job.name, steps)
	}
}

func (d *demo) run(job *jobShown, prog string, args []string) error {
	cmd := d.rain.Command(&d.setting, jobRanks, prog, args...)
	out, in := io.Pipe()
	cmd.Stdout, cmd.Stderr = in, in
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	cmd.WaitDelay = time.Second
	shares := d.setting.Shares()
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	limit := time.AfterFunc(jobLimit, func() { cmd.Process.Signal(syscall.SIGTERM) })
	defer limit.Stop()
	var read sync.WaitGroup
	read.Go(func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			d.say("    %s | %s", job.name, lines.Text())
		}
	})
	ended := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() { d.breakAndMend(job, ended) })
	watch.Go(func() { d.watchRates(ended) })
	err := cmd.Wait()
	job.elapsed = time.Since(start)
	close(ended)
	watch.Wait()
	in.Close()
	read.Wait()
	job.shares = shares()
	if err == nil && job.elapsed >= jobLimit {
		return fmt.Errorf("did not end within %v", jobLimit)
	}
	return err
}

// enoughSteps tries the program with more and more steps until a trial is long
// enough to tell the time of a step from that of starting, and returns the
// number with which it takes about jobTime.
func (d *demo) enoughSteps(prog string) int {
	const few, most = 200, 200_000
	var before time.Duration // of a quarter of the steps
	for n := few; ; n *= 4 {
		took, err := d.try(prog, n)
		if err != nil {
			return n // what is wrong with it will show
		}
		if more := took - before; before > 0 && more > jobTime/8 || n*4 > most {
			step := max(more, time.Millisecond) / time.Duration(n*3/4)
			start := max(took-step*time.Duration(n), 0)
			return min(max(int((jobTime-start)/max(step, 1)), few), most)
		}
		before = took
	}
}

// try runs the program for some steps, without a fault, and returns how long it took.
func (d *demo) try(prog string, steps int) (time.Duration, error) {
	trial := d.rain.Command(&d.setting, jobRanks, prog, "--steps", fmt.Sprint(steps))
	stuck := time.AfterFunc(jobLimit/3, func() { trial.Process.Signal(syscall.SIGTERM) })
	defer stuck.Stop()
	start := time.Now()
	err := trial.Run()
	return time.Since(start), err
}

// breakAndMend breaks the job's rail and mends it, at the latest when the job ends.
func (d *demo) breakAndMend(job *jobShown, ended <-chan struct{}) {
	wait := func(t time.Duration) bool {
		select {
		case <-time.After(t):
			return true
		case <-ended:
			return false
		}
	}
	if !wait(jobBreak) {
		return
	}
	d.fault(job.fault)
	job.inside = wait(jobMend - jobBreak)
	d.fault(lab.Fault{Kind: lab.KindMend, Rail: job.fault.Rail})
}

func (d *demo) fault(f lab.Fault) {
	if err := d.setting.Break(f); err != nil {
		d.say("    !!! %v", err)
		return
	}
	d.say("    *** %s", d.describe(f))
}

// watchRates tells what goes over each rail, both directions together, by the
// lab's counters.
func (d *demo) watchRates(ended <-chan struct{}) {
	if d.setting.Lab == nil {
		return
	}
	before, err := d.setting.Lab.Status()
	last := time.Now()
	for err == nil {
		select {
		case <-ended:
			return
		case <-time.After(rateStep):
		}
		var now *lab.Status
		if now, err = d.setting.Lab.Status(); err != nil {
			break
		}
		t := time.Now()
		line := "    "
		for r, rail := range now.Rails {
			n := rail.Cables[0].Counters.Sub(before.Rails[r].Cables[0].Counters)
			mbps := float64(n.TxBytes+n.RxBytes) / t.Sub(last).Seconds() / 1e6
			line += fmt.Sprintf("  %s %s %6.1f MB/s", rail.Name, bar(mbps), mbps)
		}
		d.say("%s", line)
		before, last = now, t
	}
	d.say("    !!! %v", err)
}
