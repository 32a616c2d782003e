package main

import (
	"syscall"
	"testing"
	"time"
)

// wrapped is a program of every nasty kind: a wrapper, a process in the
// background, a grandchild in a session of its own.
func wrapped(t *testing.T) []string {
	return []string{"bash", "-c", self(t) + " rank init setsid hang & wait"}
}

// Whoever is killed, nothing is left behind after 2 s. That is for a machine on which the start takes no time
// worth speaking of; one that others use takes as much longer for the end.
func TestDeaths(t *testing.T) {
	for _, hosts := range []struct {
		name string
		args []string
		n    int
	}{{"one host", nil, 1}, {"two hosts", twoHosts, 2}} {
		for _, c := range []struct {
			name   string
			who    func(r *running) int
			sig    syscall.Signal
			status int
			word   string
		}{
			{"ctrl-c", (*running).self, syscall.SIGINT, 130, "SIGINT"},
			{"terminated", (*running).self, syscall.SIGTERM, 143, "SIGTERM"},
			{"terminal gone", (*running).self, syscall.SIGHUP, 129, "SIGHUP"},
			{"rainrun killed", (*running).self, syscall.SIGKILL, 137, ""},
			{"agent killed", agentOf(hosts.n), syscall.SIGKILL, 1, "the agent was killed by signal 9"},
			{"guardian killed", guardianOf(hosts.n), syscall.SIGKILL, 1, "the guardian of the agent"},
			{"rank killed", rankOf, syscall.SIGKILL, 1, "rank"},
		} {
			t.Run(hosts.name+"/"+c.name, func(t *testing.T) {
				args := append([]string{"-n", "4"}, hosts.args...)
				r := start(t, "", append(args, wrapped(t)...)...)
				r.await(4, "sleep 1001")
				r.await(4, self(t)+" rank")
				began := time.Now()
				limit := 2*time.Second + 5*began.Sub(r.from)
				if err := syscall.Kill(c.who(r), c.sig); err != nil {
					t.Fatal(err)
				}
				if c.sig == syscall.SIGKILL && c.name == "rainrun killed" {
					_ = r.cmd.Wait()
					r.nothingLeft(limit)
					return
				}
				res := r.wait()
				if took := time.Since(began); took > limit {
					t.Errorf("the end took %v, more than %v", took, limit)
				}
				if c.word != "" {
					res.want(t, c.status, c.word)
				} else {
					res.want(t, c.status)
				}
			})
		}
	}
}

// Guardian and agent killed at one time, on this host: rainrun is the last who
// can clean up.
func TestBothKilled(t *testing.T) {
	r := start(t, "", append([]string{"-n", "2"}, wrapped(t)...)...)
	r.await(2, "sleep 1001")
	guardian, agent := guardianOf(1)(r), agentOf(1)(r)
	_ = syscall.Kill(guardian, syscall.SIGSTOP) // so that it cannot act
	_ = syscall.Kill(agent, syscall.SIGKILL)
	_ = syscall.Kill(guardian, syscall.SIGKILL)
	r.wait().want(t, 1, "the agent died", "signal 9")
}

func (r *running) self() int { return r.cmd.Process.Pid }

func agentOf(n int) func(r *running) int {
	return func(r *running) int { return r.await(n, "rainrun agent --guarded")[n-1] }
}

func guardianOf(n int) func(r *running) int {
	return func(r *running) int {
		return append(r.find("/proc/self/exe agent"), r.find(self(r.t)+" agent")...)[n-1]
	}
}

func rankOf(r *running) int { return r.find(self(r.t) + " rank")[0] }

// A second ctrl-c does not wait, and still leaves nothing behind.
func TestImpatience(t *testing.T) {
	for range 3 {
		r := start(t, "", onTwo(append([]string{"-n", "4", "--kill-grace", "1s"}, "sh", "-c", "trap '' TERM; while :; do echo x; done")...)...)
		r.await(4, "sh -c trap")
		limit := 3*time.Second + 5*time.Since(r.from)
		_ = syscall.Kill(r.self(), syscall.SIGINT)
		_ = syscall.Kill(r.self(), syscall.SIGTERM)
		_ = r.cmd.Wait()
		r.nothingLeft(limit)
	}
}
