package ctest

import (
	"os"
	"path/filepath"
	"testing"

	"rainmpi/bench/lab"
	"rainmpi/rainnet"
)

// TestBetweenHosts runs programs whose messages take other ways between hosts: the agents run here,
// and are told apart by name.
func TestBetweenHosts(t *testing.T) {
	for _, source := range []string{"truncate.c", "disagree.c"} {
		t.Run(source, func(t *testing.T) {
			exe := compile(t, source)
			out, err := run(t, prefix+"/bin/rainrun", "-n", "4", "--host", "a:2,b:2", "--agent-command", "env TEST_HOST=%h", "--rails", "127.0.0.1", exe)
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestRailEvents cuts and mends a rail of two between two hosts, under a program that hears of it.
func TestRailEvents(t *testing.T) {
	faults := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(faults, make([]byte, rainnet.FaultsFileSize), 0o666); err != nil {
		t.Fatal(err)
	}
	exe := compile(t, "rails/events.c")
	out, err := runIn(t, t.TempDir(), []string{rainnet.FaultsVariable + "=" + faults}, prefix+"/bin/rainrun", "-n", "2",
		"--host", "a:1,b:1", "--agent-command", "env TEST_HOST=%h", "--rails", "127.0.0.1,127.0.0.2", exe)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestLentMemory unmaps windows whose memory other hosts have got over rails that lose packets.
func TestLentMemory(t *testing.T) {
	exe := compile(t, "rails/lend.c")
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2})
	for _, r := range l.Rails {
		if err := l.Fault(lab.Fault{Kind: lab.KindLoss, Rail: r.Name, Loss: 0.2}); err != nil {
			t.Fatal(err)
		}
	}
	out, err := runIn(t, t.TempDir(), l.Environ(), prefix+"/bin/rainrun", "-n", "2", "--host", "h1:1,h2:1", exe)
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
