package main

import (
	"testing"

	"rainmpi/bench/lab"
)

// unreached runs a job on two lab hosts that do not reach each other.
func unreached(t *testing.T, l *lab.Lab, agentCommand, remedy string) {
	t.Helper()
	cmd := l.Hosts[0].Command(self(t), "-n", "2", "--host", "h1:1,h2:1", "--agent-command", agentCommand, "--host-timeout", "2s",
		self(t), "rank", "init", "hang")
	startAs(t, cmd, "").wait().apart(t, "h1", "h2", remedy)
}

// An agent on a host whose every cable is pulled, or whose every rail is a black hole: its start channel
// lives, as it does when that goes by another network.
func TestUnreachableAgentInLab(t *testing.T) {
	for _, f := range []lab.Fault{
		{Kind: lab.KindCut, Host: "h2"},
		{Kind: lab.KindCut, Host: "h2", End: lab.Behind},
		{Kind: lab.KindBlackHole, Host: "h2", Dir: lab.In},
	} {
		l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
		for _, r := range l.Rails {
			f.Rail = r.Name
			if err := l.Fault(f); err != nil {
				t.Fatal(err)
			}
		}
		unreached(t, l, l.AgentCommand(), "it was never reached: is UDP blocked between 10.")
		l.Close()
	}
}

// An agent on another host that was handed another job's key.
func TestWrongKeyInLab(t *testing.T) {
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	unreached(t, l, self(t)+" wrongsetup key %h "+l.AgentCommand(), "an agent with another key cannot join")
}
