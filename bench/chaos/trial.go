package chaos

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/lab"
)

// A Config says where trials run and on what.
type Config struct {
	Lab         *lab.Lab
	Rainrun     string        // its path
	Self        string        // a program that calls Play
	HostTimeout time.Duration // of the jobs
	PerHost     int           // ranks on each host
}

// An Outcome is what one trial showed.
type Outcome struct {
	Seed   uint64
	Kind   *Kind
	What   string        // whom it struck, and when
	Took   time.Duration // from the fault to the end on all hosts
	Bound  time.Duration
	Stderr string
	Wrong  []string // empty: all as it must be
}

// A gang is the processes of one job.
type gang struct {
	mark  string
	hosts map[string]string // namespace of the host name → lab host
}

// A trial is one job and what is done to it.
type trial struct {
	Config
	gang
	kind   *Kind
	rng    *rand.Rand
	victim struct {
		pid  int
		rank int
		host string
		rail string
	}
	cmd     *exec.Cmd
	dir     string // TMPDIR of the job
	going   chan struct{}
	stderr  bytes.Buffer
	stopped []int
	out     *Outcome
}

// Run runs one trial of the kind with everything random from seed.
func (c Config) Run(ctx context.Context, kind *Kind, seed uint64) (*Outcome, error) {
	t := &trial{Config: c, kind: kind, rng: rand.New(rand.NewPCG(seed, 0)), going: make(chan struct{}),
		out: &Outcome{Seed: seed, Kind: kind}}
	t.mark = fmt.Sprintf("%d-%s-%d", os.Getpid(), kind.Name, seed)
	if err := t.namespaces(); err != nil {
		return nil, err
	}
	var err error
	if t.dir, err = os.MkdirTemp("", "chaos-"); err != nil {
		return nil, err
	}
	defer os.RemoveAll(t.dir)
	if err := t.start(ctx); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = t.cmd.Wait()
		close(ended)
	}()
	err = t.strike(ctx, ended)
	t.clean(ended)
	t.out.Stderr = t.stderr.String()
	return t.out, err
}

// namespaces learns by what the processes of each host are known.
func (t *trial) namespaces() error {
	t.hosts = map[string]string{}
	for _, h := range t.Lab.Hosts {
		out, err := h.Command("readlink", "/proc/self/ns/uts").Output()
		if err != nil {
			return fmt.Errorf("chaos: host %s: %w", h.Name, err)
		}
		t.hosts[strings.TrimSpace(string(out))] = h.Name
	}
	return nil
}

// start starts the job on the first host.
func (t *trial) start(ctx context.Context) error {
	var slots []string
	for _, h := range t.Lab.Hosts {
		slots = append(slots, fmt.Sprintf("%s:%d", h.Name, t.PerHost))
	}
	args := []string{"-n", fmt.Sprint(t.PerHost * len(slots)), "--host", strings.Join(slots, ","), "--bind-to", "none",
		"--host-timeout", t.HostTimeout.String(),
		"--agent-command", fmt.Sprintf("%s %s %s", t.Self, pipeRole, t.Lab.AgentCommand())}
	t.cmd = t.Lab.Hosts[0].CommandContext(ctx, t.Rainrun, append(args, t.program()...)...)
	t.cmd.Env = append(t.cmd.Env, markVar+"="+t.mark, "TMPDIR="+t.dir)
	t.cmd.Stderr = &t.stderr
	t.cmd.WaitDelay = time.Second
	out, err := t.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := t.cmd.Start(); err != nil {
		return err
	}
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if lines.Text() == going {
				close(t.going)
			}
		}
	}()
	return nil
}

// program is the rank's program, bare or in one of the wrappers that people use.
func (t *trial) program() []string {
	word := t.Self + " " + RankRole
	switch t.rng.IntN(3) {
	case 0:
		return []string{"bash", "-c", word + " & wait $!"}
	case 1:
		return []string{"bash", "-c", "setsid sleep 1001 & exec " + word}
	}
	return []string{t.Self, RankRole}
}

// Times of a trial.
const (
	startLimit = 20 * time.Second
	hangLimit  = 20 * time.Second // beyond the bound
	leftLimit  = 5 * time.Second
)

// strike waits for a random moment, does what the kind says, and sees the job end.
func (t *trial) strike(ctx context.Context, ended <-chan struct{}) error {
	early := t.kind.early() && t.rng.IntN(5) == 0
	moment := time.Duration(t.rng.Int64N(int64(400 * time.Millisecond)))
	if !early {
		select {
		case <-t.going:
		case <-ended:
			t.wrong("it ended before anything was done to it")
			return nil
		case <-time.After(startLimit):
			t.wrong("it did not start within %v", startLimit)
			return nil
		}
	}
	if !wait(ctx, moment) {
		return ctx.Err()
	}
	if !t.choose(ended) {
		t.wrong("nobody to strike within %v", startLimit)
		return nil
	}
	t.out.What = t.describe(early)
	began := time.Now()
	if err := t.kind.do(t); err != nil {
		return fmt.Errorf("chaos: %s: %w", t.out.What, err)
	}
	if t.kind.Bound == nil {
		began = t.liveOn(ctx, ended)
		t.out.Bound = time.Second
	} else {
		t.out.Bound = t.kind.Bound(t.HostTimeout)
	}
	t.end(began, ended)
	return nil
}

// choose picks a victim of the kind.
func (t *trial) choose(ended <-chan struct{}) bool {
	hosts, rails := t.Lab.Hosts, t.Lab.Rails
	t.victim.host = hosts[t.rng.IntN(len(hosts))].Name
	t.victim.rail = rails[t.rng.IntN(len(rails))].Name
	t.victim.rank = t.rng.IntN(len(hosts) * t.PerHost)
	switch t.kind.strike {
	case aHost:
		t.victim.host = hosts[1+t.rng.IntN(len(hosts)-1)].Name // not rainrun's own
		return true
	case aRail:
		return true
	}
	for end := time.Now().Add(startLimit); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		for _, p := range t.find() {
			if p.role == t.kind.strike && t.fits(p) {
				t.victim.pid = p.pid
				return true
			}
		}
		select {
		case <-ended:
			return false
		default:
		}
	}
	return false
}

func (t *trial) fits(p process) bool {
	switch p.role {
	case aRank:
		return p.rank == t.victim.rank
	case theRainrun:
		return true
	}
	return p.host == t.victim.host
}

func (t *trial) describe(early bool) string {
	when := "while it ran"
	if early {
		when = "while it started"
	}
	switch t.kind.strike {
	case aRank:
		return fmt.Sprintf("rank %d, %s", t.victim.rank, when)
	case theRainrun:
		return "rainrun, " + when
	case aRail:
		return fmt.Sprintf("%s at %s, %s", t.victim.rail, t.victim.host, when)
	}
	return fmt.Sprintf("host %s, %s", t.victim.host, when)
}

// liveOn sees that the job goes on, then ends it as its user would, and returns
// when that was.
func (t *trial) liveOn(ctx context.Context, ended <-chan struct{}) time.Time {
	for _, step := range []func(*trial) error{t.kind.undo, nil} {
		select {
		case <-ended:
			t.wrong("the job has ended")
			return time.Now()
		case <-ctx.Done():
		case <-time.After(300 * time.Millisecond):
		}
		if step != nil {
			if err := step(t); err != nil {
				t.wrong("%v", err)
			}
		}
	}
	now := time.Now()
	for _, p := range t.find() {
		if p.role == theRainrun {
			_ = unix.Kill(p.pid, unix.SIGTERM)
		}
	}
	return now
}

// end waits until rainrun has ended and nothing is left, and judges.
func (t *trial) end(began time.Time, ended <-chan struct{}) {
	select {
	case <-ended:
	case <-time.After(t.out.Bound + hangLimit):
		t.wrong("rainrun hangs: not ended within %v", t.out.Bound+hangLimit)
		return
	}
	var left []process
	for deadline := time.Now().Add(t.out.Bound + leftLimit); ; time.Sleep(5 * time.Millisecond) {
		if left = t.find(); len(left) == 0 || time.Now().After(deadline) {
			break
		}
	}
	t.out.Took = time.Since(began)
	for _, p := range left {
		t.wrong("left on host %s: process %d, %s", p.host, p.pid, strings.Join(p.args, " "))
	}
	if t.out.Took > t.out.Bound {
		t.wrong(late+" %.3f s", t.out.Took.Seconds())
	}
	t.judge()
}

// late begins what is wrong with a job that ended, and not in time.
const late = "the end took"

// judge looks at the status and the words.
func (t *trial) judge() {
	want, got, text := t.kind.Status, t.cmd.ProcessState.ExitCode(), t.stderr.String()
	if t.kind.Bound == nil {
		want = 143
	}
	switch {
	case want == anyFailure && got == 0, want != anyFailure && got != want:
		t.wrong("status %d", got)
	}
	names := strings.NewReplacer("%r", fmt.Sprint(t.victim.rank), "%h", t.victim.host)
	word, unmet := names.Replace(t.kind.Word), names.Replace(t.kind.Unmet)
	if !strings.Contains(text, word) && (unmet == "" || !strings.Contains(text, unmet)) {
		t.wrong("the message does not say %q", word)
	}
	t.judgeFiles()
}

// judgeFiles looks for what was forgotten.
func (t *trial) judgeFiles() {
	names, _ := filepath.Glob(filepath.Join(t.dir, "*"))
	for _, n := range names {
		t.wrong("a file is left: %s", filepath.Base(n))
	}
	for _, h := range t.Lab.Hosts {
		out, err := h.Command("sh", "-c", "ls -A /dev/shm; grep -o '@rain-.*' /proc/net/unix").Output()
		if left := strings.Fields(string(out)); len(left) > 0 {
			t.wrong("left on host %s: %s (%v)", h.Name, strings.Join(left, ", "), err)
		}
	}
}

func (t *trial) wrong(format string, args ...any) {
	t.out.Wrong = append(t.out.Wrong, fmt.Sprintf(format, args...))
}

// clean ends what a job that failed its trial has left and mends the lab, so that
// the next is not disturbed.
func (t *trial) clean(ended <-chan struct{}) {
	for _, p := range t.find() {
		_ = unix.Kill(p.pid, unix.SIGKILL)
	}
	<-ended
	if t.kind.network() {
		if err := t.kind.undo(t); err != nil {
			t.wrong("%v", err)
		}
	}
}

// channels are the start channels to the agent of a host.
func (t *trial) channels(host string) []int {
	var pids []int
	for _, p := range t.find() {
		if len(p.args) > 1 && p.args[1] == pipeRole && strings.Contains(strings.Join(p.args, " "), " "+host+" ") {
			pids = append(pids, p.pid)
		}
	}
	return pids
}

func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func pump(w io.Writer, r io.Reader) { _, _ = io.Copy(struct{ io.Writer }{w}, struct{ io.Reader }{r}) }
