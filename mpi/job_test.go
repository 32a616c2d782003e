package mpi_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rainmpi/internal/alone"
)

// Jobs of several processes: the test binary is also the program that the ranks
// run, under a rainrun that is built once.

const (
	envProgram = "MPI_TEST_PROGRAM"
	envMark    = "MPI_TEST_MARK"
)

// programs are run by name; an error ends the process with status 1.
var programs = map[string]func(args []string) error{}

func TestMain(m *testing.M) {
	name := os.Getenv(envProgram)
	if len(os.Args) > 1 && strings.HasPrefix(os.Args[1], "program:") {
		name = strings.TrimPrefix(os.Args[1], "program:") // of a spawned one
	}
	if run := programs[name]; run != nil {
		if err := run(os.Args[1:]); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	alone.Clear()
	status := m.Run()
	os.RemoveAll(madeDir)
	os.Exit(status)
}

// madeDir is rainrunDir's, once it has been made.
var madeDir string

var rainrunDir = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mpi-test-")
	if err != nil {
		return "", err
	}
	madeDir = dir
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "rainrun"), "rainmpi/launcher/rainrun")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return dir, fmt.Errorf("%w: %s", err, out)
	}
	return dir, nil
})

// A job is a rainrun, or a process without one.
type job struct {
	t    *testing.T
	cmd  *exec.Cmd
	out  bytes.Buffer
	mark string

	began time.Time
}

func self() string {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return exe
}

// start runs a program under rainrun with these arguments; none at all: without.
func start(t *testing.T, program string, args ...string) *job {
	t.Helper()
	j := &job{t: t, mark: unique(t) + program, began: time.Now()}
	j.cmd = command(j, program, args...)
	if err := j.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return j
}

func command(j *job, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(self())
	if len(args) > 0 {
		dir, err := rainrunDir()
		if err != nil {
			j.t.Fatal(err)
		}
		cmd = exec.Command(filepath.Join(dir, "rainrun"), append(append([]string{"--timeout", "60"}, args...), self())...)
	}
	cmd.Env = append(os.Environ(), envProgram+"="+program, envMark+"="+j.mark,
		"GORACE=atexit_sleep_ms=0") // as quick to end as without the race detector
	cmd.Stdout, cmd.Stderr = &j.out, &j.out
	return cmd
}

// wait wants the status, and words in what the job has printed. No process of it
// may be left.
func (j *job) wait(status int, words ...string) {
	j.t.Helper()
	err := j.cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		j.t.Fatal(err)
	}
	if got := j.cmd.ProcessState.ExitCode(); got != status {
		j.t.Errorf("status %d, want %d; output: %s", got, status, j.out.String())
	}
	for _, w := range words {
		if !strings.Contains(j.out.String(), w) {
			j.t.Errorf("the output lacks %q: %s", w, j.out.String())
		}
	}
	j.nothingLeft()
}

func (j *job) nothingLeft() {
	j.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(3*time.Second + time.Since(j.began)); ; <-tick.C { // a slow machine takes longer for all
		left := j.left()
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			j.t.Errorf("processes are left: %v", left)
			return
		}
	}
}

// left are the processes that carry the mark.
func (j *job) left() (list []string) {
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		env, err := os.ReadFile("/proc/" + e.Name() + "/environ")
		if err == nil && bytes.Contains(env, []byte(envMark+"="+j.mark)) {
			cmd, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
			list = append(list, e.Name()+" "+string(bytes.ReplaceAll(cmd, []byte{0}, []byte{' '})))
		}
	}
	return list
}

// places are ways to lay a job of two ranks out: one host, and two.
var places = map[string][]string{
	"one host":  {"-n", "2"},
	"two hosts": {"-n", "2", "--host", "a:8,b:8", "--map-by", "node", "--agent-command", "env ON=%h"},
}
