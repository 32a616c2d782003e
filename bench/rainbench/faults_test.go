package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// needBuild looks for what make build makes, and skips where there can be no lab.
func needBuild(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(built, "bin", "rainrun")); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	needLab(t)
}

// A rail that flaps under a stream of a real job: all that came is told, it is whole,
// and both ends tell the same of their paths. The rate is not looked at: others use
// this machine.
func TestFaults(t *testing.T) {
	needBuild(t)
	file := filepath.Join(t.TempDir(), "faults.json")
	out, errs, _ := run(t, "faults", "--scenario", "flap", "--trials", "1", "--down", "1", "--rate", "100mbit", "--json", file,
		"--prefix", built, "--src", "../c")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, errs)
	}
	var reports []faultsReport
	if err := json.Unmarshal(text, &reports); err != nil || len(reports) != 1 || len(reports[0].Trials) != 1 {
		t.Fatalf("%v: %s", err, text)
	}
	tr, sum := reports[0].Trials[0], reports[0].Summaries[0]
	if tr.Failure != "" || tr.Messages == 0 || tr.Lost+tr.Duplicated+tr.Corrupted != 0 || len(tr.Disagree) > 0 {
		t.Errorf("%s: %d messages, %d lost, %d twice, %d corrupted; %v", tr.Failure, tr.Messages, tr.Lost, tr.Duplicated, tr.Corrupted, tr.Disagree)
	}
	if len(tr.Ticks) < 100 || len(tr.Rails) < 100 || len(tr.Faults) < 3 || sum.Downs == 0 {
		t.Errorf("%d ticks, %d samples of rails, %d faults, %d paths down", len(tr.Ticks), len(tr.Rails), len(tr.Faults), sum.Downs)
	}
	ranks := map[string]bool{}
	for _, e := range tr.Events {
		if strings.HasPrefix(e.Of, "rank") && !e.Up && e.At > tr.Break {
			ranks[e.Of] = true
		}
	}
	if len(ranks) != 2 {
		t.Errorf("paths down are told by %v, not by both ends: %+v", ranks, tr.Events)
	}
	for _, want := range []string{"messages lost", "trial  1, cut:rail"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output lacks %q:\n%s", want, out)
		}
	}
}

// Interrupted, measurements leave no namespace, process or file behind.
func TestInterrupted(t *testing.T) {
	needBuild(t)
	for _, c := range []struct {
		sig  syscall.Signal
		word string // of the C program
		args []string
	}{
		{syscall.SIGINT, "-k 0.01", []string{"faults", "--scenario", "cut", "--trials", "9", "--down", "7373"}},
		{syscall.SIGTERM, "-k 0.01", []string{"faults", "--scenario", "cut", "--trials", "9", "--down", "7373"}},
		{syscall.SIGINT, "-t bandwidth", []string{"rails", "--rails", "2", "--duration", "7373"}},
		{syscall.SIGHUP, "-t bandwidth", []string{"rails", "--rails", "2", "--duration", "7373"}},
	} {
		sig, dir := c.sig, t.TempDir()
		cmd := rainbench(t, append(c.args, "--json", filepath.Join(dir, "json"), "--prefix", built, "--src", "../c")...)
		cmd.Env = append(cmd.Env, "TMPDIR="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		standIn := awaitProcess(t, "rainlab:exec", dir, c.word)
		labDir := strings.Fields(standIn)[2] // rainlab rainlab:exec DIR HOST -- COMMAND
		if _, err := os.Stat(labDir); err != nil {
			t.Errorf("%v; running is %s", err, standIn)
		}
		cmd.Process.Signal(sig)
		stuck := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
		cmd.Wait()
		stuck.Stop()
		if cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%v: status %d", sig, cmd.ProcessState.ExitCode())
		}
		for end := time.Now().Add(20 * time.Second); len(processes(dir))+len(processes(labDir)) > 0 && time.Now().Before(end); {
			time.Sleep(10 * time.Millisecond)
		}
		left, _ := os.ReadDir(dir)
		if p := append(processes(dir), processes(labDir)...); len(left) > 0 || len(p) > 0 {
			t.Errorf("%v: left are files %v, processes %v", sig, left, p)
		}
		if _, err := os.Stat(labDir); err == nil {
			t.Errorf("%v: the lab %s is left", sig, labDir)
		}
	}
}

// awaitProcess returns the command line of a process that has all the words.
func awaitProcess(t *testing.T, words ...string) string {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if found := processes(words...); len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("no process with %q", words)
	return ""
}

// processes are the command lines that have all the words.
func processes(words ...string) (found []string) {
	text, _ := exec.Command("sh", "-c", `for f in /proc/[0-9]*/cmdline; do tr '\0' ' ' <$f; echo; done 2>/dev/null`).Output()
	for _, line := range strings.Split(string(text), "\n") {
		has := line != ""
		for _, w := range words {
			has = has && strings.Contains(line, w)
		}
		if has {
			found = append(found, line)
		}
	}
	return found
}

// Rainmpi has one turn, whether it is named or not.
func TestWithRainMPI(t *testing.T) {
	for _, names := range []string{"openmpi mpich", "openmpi rainmpi mpich"} {
		if got := strings.Join(withRainMPI(strings.Fields(names)), " "); got != "rainmpi openmpi mpich" {
			t.Errorf("%s: %s", names, got)
		}
	}
}
