package chaos

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/lab"
)

// What befalls a host, and what is said of it.
var losses = []struct {
	name string
	do   func(j *labJob, host string)
	says string
}{
	{"cut", (*labJob).cut, "host %s has been out of reach since "},
	{"agent", func(j *labJob, host string) { j.kill(host, anAgent) }, "host %s: the agent was killed by signal 9"},
	{"guardian", func(j *labJob, host string) { j.kill(host, aGuardian) }, "the guardian of the agent on host %s was killed"},
}

func (j *labJob) kill(host string, r role) {
	j.t.Helper()
	for _, p := range j.gang.find() {
		if p.role == r && p.host == host {
			_ = syscall.Kill(p.pid, unix.SIGKILL)
			return
		}
	}
	j.t.Fatalf("no such process on host %s", host)
}

// A host is lost; the ranks of the others go on and end in order, and nothing is left on
// any host. What befalls rainrun's own host is survived if it can be.
func TestSurviveHost(t *testing.T) {
	for _, hosts := range []int{2, 3} {
		l := lab.Start(t, lab.Config{Hosts: hosts, Rails: 2})
		list := []string{"h1:2", "h2:2", "h3:2"}[:hosts]
		for _, loss := range losses {
			for _, host := range []string{"h1", "h2"} {
				if loss.name == "cut" && host == "h1" {
					continue // the job ends: see TestCutFromRainrun
				}
				t.Run(fmt.Sprint(hosts, loss.name, host), func(t *testing.T) {
					life := "2"
					if loss.name == "cut" {
						life = "4" // longer than it takes to be sure
					}
					j := run(t, l, "-n", fmt.Sprint(2*hosts), "--host", strings.Join(list, ","), "--host-timeout", "1s", "--on-failure", "continue",
						SurviveRole, life)
					j.begun()
					j.pass(500 * time.Millisecond)
					loss.do(j, host)
					dead := "[0 1]"
					if host == "h2" {
						dead = "[2 3]"
					}
					ranks := strings.ReplaceAll(strings.Trim(dead, "[]"), " ", ", ")
					j.wait(30*time.Second, 1, fmt.Sprintf(loss.says, host), "; the job goes on without it and ranks "+ranks)
					j.mend()
					if want := fmt.Sprintf("%d ranks are left, without %s", 2*hosts-2, dead); !slices.Equal(j.out, []string{want}) {
						t.Errorf("%q, want %q", j.out, want)
					}
					if n := strings.Count(j.err.String(), "the job goes on"); n != 1 {
						t.Errorf("%d lines say that the job goes on", n)
					}
				})
			}
		}
		l.Close()
	}
}

// Without rainrun's host there is nobody to tell: the job ends, with one reason.
func TestCutFromRainrun(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 3, Rails: 2})
	j := run(t, l, "-n", "3", "--host", "h1:1,h2:1,h3:1", "--host-timeout", "1s", "--on-failure", "continue", SurviveRole, "20")
	j.begun()
	j.pass(500 * time.Millisecond)
	j.cut("h1")
	j.wait(15*time.Second, 1, "host h1 has been out of reach since ")
	if n := strings.Count(j.err.String(), "out of reach since"); n != 1 {
		t.Errorf("%d reasons", n)
	}
}

// One after the other: a rank, a host, a rank of a third host.
func TestSurviveThree(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 4, Rails: 2})
	j := run(t, l, "-n", "8", "--host", "h1:2,h2:2,h3:2,h4:2", "--host-timeout", "1s", "--on-failure", "continue", SurviveRole, "8")
	j.begun()
	j.pass(300 * time.Millisecond)
	j.kill("h1", aRank)
	j.pass(700 * time.Millisecond)
	j.cut("h2")
	j.pass(3 * time.Second)
	j.kill("h3", aRank)
	j.wait(30*time.Second, 137, "host h2 has been out of reach since ")
	if n := strings.Count(j.err.String(), "the job goes on without it"); n != 3 {
		t.Errorf("%d failures are told, want 3", n)
	}
	if len(j.out) != 1 || !strings.HasPrefix(j.out[0], "4 ranks are left, without [") {
		t.Errorf("%q", j.out)
	}
}
