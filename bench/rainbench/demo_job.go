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
		err = d.run(&job, prog)
	}
	job.err = err
	if err != nil {
		d.say("    %s: %v", name, err)
	}
	d.jobs = append(d.jobs, job)
}

func (d *demo) run(job *jobShown, prog string) error {
	args := d.args
	if len(args) == 0 {
		args = d.enoughSteps(prog)
	}
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

// enoughSteps tries the program for a few steps and returns the arguments with
// which it takes about jobTime, on a fast machine as on one under load.
func (d *demo) enoughSteps(prog string) []string {
	const few, least, most = 200, 500, 50000
	start := time.Now()
	trial := d.rain.Command(&d.setting, jobRanks, prog, "--steps", fmt.Sprint(few))
	stuck := time.AfterFunc(jobLimit/3, func() { trial.Process.Signal(syscall.SIGTERM) })
	defer stuck.Stop()
	if trial.Run() != nil {
		return nil // its own defaults; what is wrong with it will show
	}
	n := float64(few) * float64(jobTime) / float64(time.Since(start))
	return []string{"--steps", fmt.Sprint(int(min(max(n, least), most)))}
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
