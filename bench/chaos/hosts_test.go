package chaos

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/lab"
	"rainmpi/rainnet/history"
	"rainmpi/rainnet/wire"
)

// A job of rainrun on the hosts of a lab, started on the first.
type labJob struct {
	t     *testing.T
	lab   *lab.Lab
	gang  gang
	cmd   *exec.Cmd
	going chan struct{}
	ended chan struct{}
	out   []string
	err   bytes.Buffer
}

// run starts rainrun with options and a program, which is this one.
func run(t *testing.T, l *lab.Lab, args ...string) *labJob {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == RankRole || a == ExchangeRole || a == HelloRole || a == SurviveRole {
			args = slices.Insert(args, i, self)
			break
		}
	}
	tr := &trial{Config: Config{Lab: l}}
	if err := tr.namespaces(); err != nil {
		t.Fatal(err)
	}
	j := &labJob{t: t, lab: l, gang: tr.gang, going: make(chan struct{}), ended: make(chan struct{})}
	j.gang.mark = fmt.Sprintf("%d-%s", os.Getpid(), t.Name())
	j.cmd = l.Hosts[0].Command(buildRainrun(t), append([]string{"--bind-to", "none"}, args...)...)
	j.cmd.Env = append(j.cmd.Env, markVar+"="+j.gang.mark)
	j.cmd.Stderr = &j.err
	out, err := j.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(j.ended)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if lines.Text() == going {
				close(j.going)
				continue
			}
			j.out = append(j.out, lines.Text())
		}
		_ = j.cmd.Wait()
	}()
	t.Cleanup(func() {
		for _, p := range j.gang.find() {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		<-j.ended
	})
	return j
}

// begun waits until all ranks are there.
func (j *labJob) begun() {
	j.t.Helper()
	select {
	case <-j.going:
	case <-j.ended:
		j.t.Fatalf("the job ended too early: %s", j.err.String())
	case <-time.After(startLimit):
		j.t.Fatalf("the job did not start")
	}
}

// wait waits for the end, and checks the status, what standard error says, and that
// nothing is left.
func (j *labJob) wait(limit time.Duration, status int, words ...string) {
	j.t.Helper()
	select {
	case <-j.ended:
	case <-time.After(limit):
		j.t.Fatalf("the job did not end within %v: %s", limit, j.err.String())
	}
	if got := j.cmd.ProcessState.ExitCode(); got != status {
		j.t.Errorf("status %d, want %d", got, status)
	}
	for _, w := range words {
		if !strings.Contains(j.err.String(), w) {
			j.t.Errorf("standard error does not say %q", w)
		}
	}
	var left []process
	for end := time.Now().Add(leftLimit); ; {
		if left = j.gang.find(); len(left) == 0 || time.Now().After(end) {
			break
		}
	}
	for _, p := range left {
		j.t.Errorf("left on host %s: process %d, %s", p.host, p.pid, strings.Join(p.args, " "))
	}
	if j.t.Failed() || testing.Verbose() {
		j.t.Logf("standard error: %s", j.err.String())
	}
}

func (j *labJob) cut(host string) {
	j.t.Helper()
	j.fault(lab.Fault{Kind: lab.KindCut, Host: host, End: lab.Behind})
}

func (j *labJob) mend() {
	j.t.Helper()
	j.fault(lab.Fault{Kind: lab.KindMend})
}

// fault does the same to all rails.
func (j *labJob) fault(f lab.Fault) {
	j.t.Helper()
	for _, r := range j.lab.Rails {
		f.Rail = r.Name
		if err := j.lab.Fault(f); err != nil {
			j.t.Fatal(err)
		}
	}
}

// pass lets some time of the outside world pass, or less if the job ends.
func (j *labJob) pass(d time.Duration) {
	select {
	case <-j.ended:
	case <-time.After(d):
	}
}

func TestEightHosts(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 8, Rails: 2})
	j := run(t, l, "-n", "64", "--host", "h1:8,h2:8,h3:8,h4:8,h5:8,h6:8,h7:8,h8:8", HelloRole)
	j.wait(2*time.Minute, 0)
	slices.Sort(j.out)
	var want []string
	for r := range 64 {
		want = append(want, fmt.Sprintf("hello from rank %d of 64 on h%d", r, r/8+1))
	}
	slices.Sort(want)
	if !slices.Equal(j.out, want) {
		t.Errorf("%q", j.out)
	}
	if j.err.Len() > 0 {
		t.Errorf("all went well, but standard error says: %s", j.err.String())
	}
}

// Nothing gets through between two hosts for 10 s: the job waits, says for whom,
// and goes on; no message is lost or wrong.
func TestTotalCut(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	j := run(t, l, "-n", "4", "--host", "h1:2,h2:2", ExchangeRole, "12")
	j.begun()
	j.pass(500 * time.Millisecond)
	j.cut("h2")
	j.pass(10 * time.Second)
	j.mend()
	j.wait(time.Minute, 0, "host h2 has been silent on all rails since ", "; waiting up to 30s (--host-timeout)", "host h2 answers again after ")
	if n := strings.Count(j.err.String(), "\n"); n != 2 {
		t.Errorf("%d lines on standard error, want 2", n)
	}
	var rounds int
	var pause float64
	if _, err := fmt.Sscanf(strings.Join(j.out, "\n"), "%d rounds, all right, longest pause %f s", &rounds, &pause); err != nil || pause < 9 || pause > 20 {
		t.Errorf("%q: %v", j.out, err)
	}
	t.Logf("%q", j.out)
}

// Of two hosts cut apart the one goes on that the witness is with, else rainrun's.
func TestWitness(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2})
	for _, c := range []struct {
		args []string
		cut  string
		out  string
		wait string
	}{
		{[]string{"--witness", "h3"}, "h1", "h1", "rank 1 was waiting for rank 0"},
		{[]string{"--witness", "h3"}, "h2", "h2", "rank 0 was waiting for rank 1"},
		{nil, "h1", "h2", "rank 0 was waiting for rank 1"},
		{nil, "h2", "h2", "rank 0 was waiting for rank 1"},
	} {
		t.Run(fmt.Sprint(c.cut, c.args), func(t *testing.T) {
			j := run(t, l, append(c.args, "-n", "2", "--host", "h1:1,h2:1", "--host-timeout", "1s", RankRole)...)
			j.begun()
			j.pass(500 * time.Millisecond)
			j.cut(c.cut)
			j.wait(20*time.Second, 1, "host "+c.out+" has been out of reach since ", c.wait)
			j.mend()
			if n := strings.Count(j.err.String(), "out of reach since"); n != 1 {
				t.Errorf("%d reasons", n)
			}
		})
	}
}

// A batch system suspends the whole job for longer than --host-timeout: nobody was
// silent.
func TestSuspendedJob(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2})
	j := run(t, l, "-n", "3", "--host", "h1:1,h2:1,h3:1", "--host-timeout", "1s", ExchangeRole, "8")
	j.begun()
	j.pass(time.Second)
	for range 2 {
		all := j.gang.find()
		for _, p := range all {
			_ = unix.Kill(p.pid, unix.SIGSTOP)
		}
		j.pass(3 * time.Second)
		for _, p := range all {
			_ = unix.Kill(p.pid, unix.SIGCONT)
		}
		j.pass(200 * time.Millisecond)
	}
	j.wait(time.Minute, 0)
	if j.err.Len() > 0 {
		t.Errorf("standard error: %s", j.err.String())
	}
}

// An agent or a rank that is stopped for 300 ms, again and again, with messages lost, is late and not
// dead, and no path goes down meanwhile. With RAIN_STEADY_SECONDS it goes on for so long, with 16 ranks
// for every core, under the defaults.
func TestStopped(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2})
	life, perHost, timeout := 8, 1, "3s"
	if v := os.Getenv("RAIN_STEADY_SECONDS"); v != "" {
		var err error
		if life, err = strconv.Atoi(v); err != nil {
			t.Fatalf("RAIN_STEADY_SECONDS=%s is no number", v)
		}
		perHost, timeout = (16*runtime.NumCPU()+2)/3, "30s"
	}
	log := filepath.Join(t.TempDir(), "history")
	j := run(t, l, "-n", fmt.Sprint(3*perHost), "--host", fmt.Sprintf("h1:%d,h2:%[1]d,h3:%[1]d", perHost), "--host-timeout", timeout,
		"--history", log, ExchangeRole, fmt.Sprint(life))
	j.begun()
	j.fault(lab.Fault{Kind: lab.KindLoss, Loss: 0.05})
	begin := time.Now()
	end := time.Now().Add(time.Duration(life)*time.Second - 4*time.Second)
	turns := 0
	for ; time.Now().Before(end); turns++ {
		role := []role{anAgent, aRank}[turns%2]
		all := slices.DeleteFunc(j.gang.find(), func(p process) bool { return p.role != role })
		if len(all) == 0 {
			t.Fatalf("after %d turns no process of role %d is there: %s", turns, role, j.err.String())
		}
		p := all[turns/2%len(all)]
		_ = unix.Kill(p.pid, unix.SIGSTOP)
		j.pass(300 * time.Millisecond)
		_ = unix.Kill(p.pid, unix.SIGCONT)
		j.pass(100 * time.Millisecond)
	}
	j.wait(2*time.Minute, 0)
	if j.err.Len() > 0 {
		t.Errorf("standard error: %s", j.err.String())
	}
	for _, d := range downs(t, l, log, begin, end) {
		t.Errorf("a path went down: %s", d)
	}
	t.Logf("%d agents and ranks stopped; %q", turns, j.out)
}

// downs are the transitions to down of direct paths, between two times, as the
// logs of all hosts tell them.
func downs(t *testing.T, l *lab.Lab, log string, from, to time.Time) (found []string) {
	t.Helper()
	var logs history.Logs
	for _, h := range l.Hosts {
		if err := logs.ReadFile(history.FileOn(log, h.Name)); err != nil {
			t.Fatal(err)
		}
	}
	paths := 0
	for _, v := range logs.Compare() {
		if v.Path == wire.Relayed {
			continue
		}
		paths++
		for _, side := range v.Sides {
			for _, e := range side.Entries {
				if !e.Up && e.At.After(from) && e.At.Before(to) {
					found = append(found, side.Name+": "+e.String())
				}
			}
		}
	}
	if paths == 0 {
		t.Error("the logs tell of no path")
	}
	return found
}
