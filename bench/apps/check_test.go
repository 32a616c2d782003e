package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCheck: a check's verdict is that of its output and of its status, and its log
// has all that it said.
func TestCheck(t *testing.T) {
	dir := t.TempDir()
	makefile := "good:\n\t@echo PASS: one; echo the end\n" +
		"bad:\n\t@echo PASS: one; echo the end; exit 3\n" +
		"short:\n\t@echo PASS: one\n" +
		"slow:\n\t@echo PASS: one; echo the end; sleep 1000\n"
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), []byte(makefile), 0o666); err != nil {
		t.Fatal(err)
	}
	b := &built{app: app{name: "p"}, prefix: dir, dir: dir, source: dir}
	r := rules{
		part: regexp.MustCompile(`^begin (.*)`), passed: regexp.MustCompile(`^PASS`), failed: regexp.MustCompile(`^FAIL`),
		ends: []string{"the end"}, atLeast: 1,
	}
	for _, c := range []struct {
		target, says string
		limit        time.Duration
	}{
		{"good", "", time.Minute},
		{"bad", "exit status 2", time.Minute},
		{"short", `"the end"`, time.Minute},
		{"slow", "not done after", 5 * time.Second}, // make has to have come so far as to say something
	} {
		got, file := &result{}, filepath.Join(dir, c.target+".log")
		got.err = b.check(t.Context(), check{name: c.target, words: []string{c.target}, rules: r}, nil, c.limit, got, file)
		if (got.err == nil) != (c.says == "") || got.err != nil && !strings.Contains(got.err.Error(), c.says) {
			t.Errorf("%s: %v", c.target, got.err)
		}
		log, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(log), "PASS: one\n") || got.passes != 1 {
			t.Errorf("%s: %d passes, log %q, %v", c.target, got.passes, log, err)
		}
		if text := got.String(); strings.Contains(text, "FAILED") != (c.says != "") {
			t.Errorf("%s: %s", c.target, text)
		}
	}
}

// TestSession: what is interrupted is gone, a process that a shell has put into the
// background too, which the interrupt does not reach.
func TestSession(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, "sh", "-c", "sleep 1000 & echo $! >"+file+".new; mv "+file+".new "+file+"; wait")
	ended := make(chan error, 1)
	go func() { ended <- runSession(cmd) }()
	var pid int
	for start := time.Now(); pid == 0; time.Sleep(10 * time.Millisecond) {
		if text, err := os.ReadFile(file); err == nil {
			pid, _ = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		if time.Since(start) > time.Minute {
			t.Fatal("the shell has not started a process")
		}
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("an interrupted session ended well")
	}
	for start := time.Now(); !gone(pid); time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > time.Minute {
			t.Fatalf("process %d lives", pid)
		}
	}
}

// gone reports whether a process has ended; its parent may not have noticed yet.
func gone(pid int) bool {
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return true
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err != nil || strings.Contains(string(stat), ") Z ")
}

// TestLock: one run at a time works in a folder.
func TestLock(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	unlock, err := lockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lockFolder(dir); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("the second run: %v", err)
	}
	unlock()
	if unlock, err = lockFolder(dir); err != nil {
		t.Fatal(err)
	}
	unlock()
}

// TestSteps: what is built is built by the words of the table, filled in, the log has
// what they say, and the first that fails is the last.
func TestSteps(t *testing.T) {
	dir := t.TempDir()
	b := &built{app: app{steps: [][]string{{"sh", "-c", "echo @BIN@"}, {"false"}, {"echo", "more"}}}, dir: dir, source: dir}
	err := b.runSteps(t.Context(), strings.NewReplacer("@BIN@", "the bin"))
	if err == nil || !strings.Contains(err.Error(), "false: exit status 1; see "+filepath.Join(dir, "build.log")) {
		t.Errorf("a step that fails: %v", err)
	}
	if log, err := os.ReadFile(filepath.Join(dir, "build.log")); err != nil || string(log) != "the bin\n" {
		t.Errorf("the log: %q, %v", log, err)
	}
}

// TestAsked: a program or place that is not there is an error before anything is built.
func TestAsked(t *testing.T) {
	for _, o := range []*options{{only: []string{"fftw4"}, places: places}, {only: names(apps), places: []string{"moon"}}} {
		if err := run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "there are ") {
			t.Errorf("%v on %v: %v", o.only, o.places, err)
		}
	}
}
