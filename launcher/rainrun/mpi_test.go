package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"rainmpi/internal/boot"
)

func TestBoot(t *testing.T) {
	res := rainrun(t, "-n", "3", self(t), "rank", "init", "size", "again", "finalize")
	res.want(t, 0)
	for _, w := range []string{"size 3 slots", "hosts 1 app 0", "refused: this", "taken by process"} {
		if w != "refused: this" && strings.Count(res.out, w) != 3 {
			t.Errorf("%q is not there 3 times: %s", w, res.out)
		}
	}
}

func TestEndsThatFail(t *testing.T) {
	prog := self(t)
	rainrun(t, "-n", "2", prog, "rank", "1:0", "init", "hang").want(t, 1, "rank 1", "before MPI_Init", "1 of 2 ranks")
	rainrun(t, "-n", "2", prog, "rank", "init", "1:0", "hang").want(t, 1, "rank 1", "without MPI_Finalize")
	rainrun(t, "-n", "2", prog, "rank", "init", "1:abort", "hang").want(t, 7, "rank 1", "aborted the job with code 7: enough")
	rainrun(t, "-n", "2", prog, "rank", "init", "1:die", "hang").want(t, 137, "rank 1", "signal 9")
	rainrun(t, "-n", "2", prog, "rank", "init", "finalize", "1:4").want(t, 4, "rank 1", "status 4")
	// The process that speaks MPI dies inside a wrapper that lives on.
	rainrun(t, "-n", "2", "sh", "-c", prog+" rank init 1:die hang; sleep 1000").
		want(t, 1, "rank 1", "the MPI process", "without MPI_Finalize")
}

// The message says who waited for the culprit, on whatever host, and does not wait
// for a rank that does not answer. A rank has 60 ms to say it: on a machine that
// others use, it may not get the processor in so short a time, and is asked again.
func TestWaiters(t *testing.T) {
	const tries = 5
	for try := range tries {
		res := waiters(t)
		res.want(t, 137, "rank 1 on host a", "was killed by signal 9 (killed)", "; the job was ended")
		if strings.Contains(res.err, "; ranks 0, 2 were waiting for it; the job was ended") {
			return
		}
		t.Logf("try %d of %d: %s", try+1, tries, res.err)
	}
	t.Error("it does not say who was waiting")
}

// waiters runs a job whose rank 1 dies while ranks 0 and 2 wait for it.
func waiters(t *testing.T) result {
	t.Helper()
	r := start(t, "", onTwo("-n", "4", self(t), "rank", "init", "0:waits", "2:waits", "3:hang", "signal", "die")...)
	if !eventually(20*time.Second, func() bool { return strings.Count(r.outText(), "waiting") == 3 }) {
		t.Fatal(r.outText())
	}
	for _, pid := range r.find(self(t) + " rank") {
		if env, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); strings.Contains(string(env), boot.EnvRank+"=1\x00") {
			_ = syscall.Kill(pid, syscall.SIGUSR1)
		}
	}
	return r.wait()
}

// A wrapper that leaves its program in the background.
func TestWrapper(t *testing.T) {
	prog := self(t)
	rainrun(t, "-n", "2", "sh", "-c", prog+" rank init finalize & wait").want(t, 0)
	rainrun(t, "-n", "2", "sh", "-c", prog+" rank init finalize").want(t, 0)
	rainrun(t, "-n", "2", "bash", "-c", prog+" rank init 1:abort hang & wait").want(t, 7)
}

func TestGarbageOnBootSocket(t *testing.T) {
	rainrun(t, "-n", "2", self(t), "rank", "garbage", "init", "garbage", "finalize").want(t, 0)
}
