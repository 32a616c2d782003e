package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func state(pid int) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) == 0 {
		return ""
	}
	return f[0]
}

// Stop and continue reach all processes of the ranks, and rainrun itself stops.
func TestStopAndContinue(t *testing.T) {
	r := start(t, "", onTwo("-n", "4", "sleep", "1000")...)
	pids := append(r.await(4, "sleep 1000"), r.self())
	all := func(want string) func() bool {
		return func() bool {
			for _, pid := range pids {
				if (state(pid) == "T") != (want == "T") {
					return false
				}
			}
			return true
		}
	}
	_ = syscall.Kill(r.self(), syscall.SIGTSTP)
	if !eventually(5*time.Second, all("T")) {
		t.Error("not everybody stopped")
	}
	_ = syscall.Kill(r.self(), syscall.SIGCONT)
	if !eventually(5*time.Second, all("run")) {
		t.Error("not everybody went on")
	}
	_ = syscall.Kill(r.self(), syscall.SIGINT)
	r.wait().want(t, 130)
}

// A stopped job can be ended.
func TestEndWhileStopped(t *testing.T) {
	r := start(t, "", "-n", "2", "sleep", "1000")
	pids := r.await(2, "sleep 1000")
	_ = syscall.Kill(r.self(), syscall.SIGTSTP)
	if !eventually(5*time.Second, func() bool { return state(pids[0]) == "T" && state(r.self()) == "T" }) {
		t.Error("not stopped")
	}
	_ = syscall.Kill(r.self(), syscall.SIGTERM)
	_ = syscall.Kill(r.self(), syscall.SIGCONT)
	r.wait().want(t, 143, "SIGTERM")
}

// SIGUSR1 and SIGUSR2 are for the process that speaks MPI, not for the shell around it.
func TestUserSignals(t *testing.T) {
	for sig, want := range map[syscall.Signal]string{syscall.SIGUSR1: "got user defined signal 1", syscall.SIGUSR2: "got user defined signal 2"} {
		userSignal(t, sig, want)
	}
}

func userSignal(t *testing.T, sig syscall.Signal, want string) {
	t.Helper()
	r := start(t, "", "-n", "2", "bash", "-c", self(t)+" rank init signal finalize & wait")
	r.await(2, self(t)+" rank")
	if !eventually(10*time.Second, func() bool { return strings.Count(r.outText(), "waiting") == 2 }) {
		t.Fatal("the ranks do not wait")
	}
	_ = syscall.Kill(r.self(), sig)
	res := r.wait()
	res.want(t, 0)
	if strings.Count(res.out, want) != 2 {
		t.Errorf("output: %q", res.out)
	}
}

func TestKillGrace(t *testing.T) {
	prog := "trap 'echo cleaning; exit 0' TERM; echo ready; while :; do sleep 0.02; done"
	r := start(t, "", "-n", "1", "--kill-grace", "40s", "sh", "-c", prog)
	if !eventually(10*time.Second, func() bool { return strings.Contains(r.outText(), "ready") }) {
		t.Fatal("not ready")
	}
	told := time.Now()
	_ = syscall.Kill(r.self(), syscall.SIGTERM)
	res := r.wait()
	res.want(t, 143)
	if !strings.Contains(res.out, "cleaning") {
		t.Errorf("no time to clean up: %q", res.out)
	}
	if took := time.Since(told); took > 30*time.Second {
		t.Errorf("waited for the whole grace although the rank had ended: %v", took)
	}
}
