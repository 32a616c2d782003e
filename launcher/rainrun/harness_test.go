package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"rainmpi/internal/alone"
)

// The test binary is also rainrun (and so its agents), and the program that the
// ranks run. The environment says which.
const (
	envMain = "RAINRUN_TEST_MAIN"
	envProg = "RAINRUN_TEST_PROG"
	envMark = "RAINRUN_TEST_MARK"
)

func TestMain(m *testing.M) {
	if prog := os.Getenv(envProg); prog != "" && os.Getenv("RAIN_AGENT") != "" && len(os.Args) > 1 && os.Args[1] == "rank" {
		os.Exit(rankProgram(os.Args[2:]))
	}
	if os.Getenv(envMain) != "" && len(os.Args) > 4 && os.Args[1] == "wrongsetup" {
		if err := wrongSetup(os.Args[2], os.Args[3], os.Args[4:]); err != nil {
			fmt.Fprintln(os.Stderr, "wrongsetup:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	if os.Getenv(envMain) != "" {
		os.Exit(run(os.Args[1:]))
	}
	alone.Clear()
	os.Exit(m.Run())
}

// A result is what a run of rainrun left.
type result struct {
	out, err string
	status   int
	took     time.Duration
}

// A running rainrun, with a mark in the environment of everything it starts.
type running struct {
	t    *testing.T
	cmd  *exec.Cmd
	mark string
	out  syncBuffer
	err  syncBuffer
	from time.Time
	shm  map[string]bool
	tmp  string
}

// A syncBuffer can be read while a process writes to it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (r *running) outText() string { return r.out.String() }

// self is the path of the test binary, as a rank's program.
func self(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

func start(t *testing.T, stdin string, args ...string) *running {
	t.Helper()
	return startAs(t, exec.Command(self(t), args...), stdin)
}

// startAs starts a command that is rainrun's, here or on a lab host.
func startAs(t *testing.T, cmd *exec.Cmd, stdin string) *running {
	t.Helper()
	r := &running{t: t, mark: fmt.Sprintf("%s-%d-%d", t.Name(), os.Getpid(), time.Now().UnixNano()), from: time.Now(),
		shm: listDir("/dev/shm"), tmp: t.TempDir()}
	r.cmd = cmd
	r.cmd.Env = append(cmd.Environ(), envMain+"=1", envProg+"=1", envMark+"="+r.mark, "TMPDIR="+r.tmp,
		"GORACE=atexit_sleep_ms=0") // as quick to end as without the race detector
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.err
	r.cmd.Stdin = strings.NewReader(stdin)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, pid := range r.left() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	return r
}

// wait returns when rainrun has ended, and checks that nothing is left behind.
func (r *running) wait() result {
	r.t.Helper()
	limit := time.AfterFunc(60*time.Second, func() { _ = r.cmd.Process.Kill() })
	defer limit.Stop()
	_ = r.cmd.Wait()
	res := result{r.out.String(), r.err.String(), 0, time.Since(r.from)}
	ws := r.cmd.ProcessState.Sys().(syscall.WaitStatus)
	res.status = ws.ExitStatus()
	if ws.Signaled() {
		res.status = 128 + int(ws.Signal())
	}
	r.nothingLeft(2*time.Second + res.took)
	return res
}

func rainrun(t *testing.T, args ...string) result {
	t.Helper()
	return start(t, "", args...).wait()
}

// left are the processes that carry the mark.
func (r *running) left() []int {
	var pids []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err == nil && bytes.Contains(env, []byte(envMark+"="+r.mark)) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// nothingLeft waits until no process is left, and looks for files. Those who wait
// give it two seconds, and as much time more as shows how slow the machine is just
// now: a process that stays is found however long that is.
func (r *running) nothingLeft(limit time.Duration) {
	r.t.Helper()
	if !eventually(limit, func() bool { return len(r.left()) == 0 }) {
		for _, pid := range r.left() {
			cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			r.t.Errorf("process %d is left: %q", pid, cmd)
		}
	}
	for name := range listDir("/dev/shm") {
		if !r.shm[name] && strings.HasPrefix(name, "rain") {
			r.t.Errorf("/dev/shm/%s is left", name)
		}
	}
	for name := range listDir(r.tmp) {
		r.t.Errorf("%s is left in the temporary folder", name)
	}
}

func listDir(dir string) map[string]bool {
	names := map[string]bool{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names
}

// eventually waits for a condition of the outside world, which has no channel
// to wait on.
func eventually(limit time.Duration, ok func() bool) bool {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); ; {
		if ok() {
			return true
		}
		if time.Now().After(end) {
			return false
		}
		<-tick.C
	}
}

// find returns the processes of this run whose command line begins so.
func (r *running) find(prefix string) []int {
	var pids []int
	for _, pid := range r.left() {
		cmd, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if strings.HasPrefix(strings.ReplaceAll(string(cmd), "\x00", " "), prefix) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// await waits until n processes of this run match.
func (r *running) await(n int, prefix string) []int {
	r.t.Helper()
	var pids []int
	if !eventually(20*time.Second, func() bool { pids = r.find(prefix); return len(pids) == n }) {
		r.t.Fatalf("waited for %d processes %q, there are %d; stderr: %s", n, prefix, len(pids), r.err.String())
	}
	return pids
}

func (res result) want(t *testing.T, status int, words ...string) {
	t.Helper()
	if res.status != status {
		t.Errorf("status %d, want %d; stderr: %s", res.status, status, res.err)
	}
	for _, w := range words {
		if !strings.Contains(res.err, w) {
			t.Errorf("stderr lacks %q: %s", w, res.err)
		}
	}
	if status == 0 && res.err != "" {
		t.Errorf("all went well, but stderr says: %s", res.err)
	}
}

func writeFile(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// twoHosts starts agents as if on two hosts: both here, told apart by name.
var twoHosts = []string{"--host", "a:2,b:2", "--agent-command", "env RAINRUN_TEST_HOST=%h"}
