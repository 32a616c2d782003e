package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// A rank fails in every way, and the others hear of it, go on, and end in order.
func TestContinue(t *testing.T) {
	for _, hosts := range []struct {
		name string
		args []string
	}{{"one host", nil}, {"two hosts", twoHosts}} {
		for _, c := range []struct {
			name   string
			does   []string // what rank 3 does
			status int
			says   string
		}{
			{"killed", []string{"3:init", "3:die"}, 137, "was killed by signal 9 (killed)"},
			{"exits with a status", []string{"3:init", "3:5"}, 5, "exited with status 5 without MPI_Finalize"},
			{"exits without finalize", []string{"3:init", "3:0"}, 1, "exited with status 0 without MPI_Finalize"},
			{"killed before init", []string{"3:die"}, 137, "was killed by signal 9 (killed)"},
			{"exits before init", []string{"3:0"}, 1, "exited with status 0 before MPI_Init, and others have called it"},
		} {
			t.Run(hosts.name+"/"+c.name, func(t *testing.T) {
				args := append([]string{"-n", "4", "--on-failure", "continue"}, hosts.args...)
				args = append(append(args, self(t), "rank"), c.does...)
				res := rainrun(t, append(args, "init", "survive", "leave")...)
				res.want(t, c.status, "rank 3 on host ", c.says+"; the job goes on without it")
				if n := strings.Count(res.out, "failed [3]"); n != 3 {
					t.Errorf("%d of 3 ranks have heard of it: %s", n, res.out)
				}
				if n := strings.Count(res.err, "\n"); n != 1 {
					t.Errorf("%d lines on standard error, want 1: %s", n, res.err)
				}
			})
		}
	}
}

// The others do not wait for the card of a rank that has failed before it gave one.
func TestContinueWithoutCard(t *testing.T) {
	for _, victim := range []string{"0", "3"} {
		args := append([]string{"-n", "4", "--on-failure", "continue"}, twoHosts...)
		res := rainrun(t, append(args, self(t), "rank", "init", victim+":die", "card", "leave")...)
		res.want(t, 137, "; the job goes on without it")
		if n := strings.Count(res.out, "no card of "+victim); n != 3 {
			t.Errorf("%d of 3 ranks know: %s", n, res.out)
		}
	}
}

// A wrapper that lives on after its MPI process has died is ended with it.
func TestContinueWrapper(t *testing.T) {
	r := start(t, "", "-n", "2", "--on-failure", "continue",
		"sh", "-c", fmt.Sprintf("if [ $RAIN_RANK = 1 ]; then %s rank init die; sleep 1000; else exec %[1]s rank init survive leave; fi", self(t)))
	res := r.wait()
	res.want(t, 1, "the MPI process of rank 1 on host ", "ended without MPI_Finalize; the job goes on without it")
	if !strings.Contains(res.out, "failed [1]") {
		t.Errorf("rank 0 has not heard of it: %s", res.out)
	}
}

// All ranks fail: nobody goes on.
func TestContinueNobody(t *testing.T) {
	res := rainrun(t, "-n", "2", "--on-failure", "continue", self(t), "rank", "init", "7")
	res.want(t, 7, "exited with status 7")
	if strings.Count(res.err, "exited with status 7") != 2 || strings.Count(res.err, "goes on") > 1 {
		t.Errorf("stderr: %s", res.err)
	}
}

// What ends a job ends it under this policy too.
func TestContinueEnds(t *testing.T) {
	rainrun(t, "-n", "2", "--on-failure", "continue", self(t), "rank", "init", "1:abort", "hang").want(t, 7, "aborted the job with code 7: enough")
	rainrun(t, "-n", "2", "--on-failure", "abort", self(t), "rank", "init", "1:die", "hang").want(t, 137, "the job was ended")
	r := start(t, "", "-n", "2", "--on-failure", "continue", self(t), "rank", "init", "hang")
	r.await(2, self(t)+" rank")
	_ = syscall.Kill(r.self(), syscall.SIGINT)
	r.wait().want(t, 130, "SIGINT")
	// On one host the agent's death leaves nobody.
	r = start(t, "", "-n", "2", "--on-failure", "continue", self(t), "rank", "init", "hang")
	r.await(2, self(t)+" rank")
	_ = syscall.Kill(agentOf(1)(r), syscall.SIGKILL)
	r.wait().want(t, 1, "the agent was killed by signal 9")
}

// A program of another MPI does not hear of failures: they end the job as ever.
func TestContinuePMI(t *testing.T) {
	prog := `printf 'cmd=init pmi_version=1 pmi_subversion=1\n' >&3; read answer <&3; if [ $PMI_RANK = 1 ]; then exit 4; fi; sleep 1000`
	rainrun(t, "-n", "2", "--on-failure", "continue", "bash", "-c", prog).want(t, 4, "rank 1 on host ", "exited with status 4", "the job was ended")
}
