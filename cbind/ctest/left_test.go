package ctest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A trace is how a command is known again in what it leaves behind: its processes have the mark in
// their environment, and their temporary files go to a folder of their own.
type trace struct {
	mark, tmp string
	shm       map[string]bool // what was in /dev/shm before
	began     time.Time
}

const markVariable = "RAIN_CTEST_MARK"

var traces atomic.Int64

func newTrace(t *testing.T) *trace {
	return &trace{fmt.Sprintf("%s-%d-%d.", t.Name(), os.Getpid(), traces.Add(1)), t.TempDir(), listDir("/dev/shm"), time.Now()}
}

func (x *trace) environ() []string { return []string{markVariable + "=" + x.mark, "TMPDIR=" + x.tmp} }

// nothingLeft waits until no process is left, and with them their sockets, and looks for files: for two
// seconds, and for as long again as the command took, which shows how slow the machine is just now.
func (x *trace) nothingLeft(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	left := x.processes()
	for end := time.Now().Add(2*time.Second + time.Since(x.began)); len(left) > 0 && time.Now().Before(end); left = x.processes() {
		<-tick.C
	}
	for _, p := range left {
		t.Errorf("process %s is left", p)
	}
	for name := range listDir("/dev/shm") {
		if !x.shm[name] && strings.HasPrefix(name, "rain") {
			t.Errorf("/dev/shm/%s is left", name)
		}
	}
	for name := range listDir(x.tmp) {
		t.Errorf("%s is left in the temporary folder", name)
	}
}

// processes are those with the mark, as "pid command".
func (x *trace) processes() (found []string) {
	for pid := range listDir("/proc") {
		env, err := os.ReadFile("/proc/" + pid + "/environ")
		if err != nil || !bytes.Contains(env, []byte(markVariable+"="+x.mark)) {
			continue
		}
		command, _ := os.ReadFile("/proc/" + pid + "/cmdline")
		found = append(found, fmt.Sprintf("%s %q", pid, command))
	}
	return found
}

func listDir(dir string) map[string]bool {
	names := map[string]bool{}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		names[e.Name()] = true
	}
	return names
}

// TestTrace: what is left would be seen.
func TestTrace(t *testing.T) {
	x := newTrace(t)
	cmd := exec.Command("sleep", "100")
	cmd.Env = append(os.Environ(), x.environ()...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if found := x.processes(); len(found) != 1 || !strings.Contains(found[0], "sleep") {
		t.Errorf("of one process that runs: %q", found)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	x.nothingLeft(t)
}
