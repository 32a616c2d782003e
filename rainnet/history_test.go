package rainnet

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rainmpi/rainnet/history"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// Both ends of broken and mended rails keep logs that agree, and Endpoint.History has the same.
func TestHistory(t *testing.T) {
	quick := link.Config{IdlePeriod: 2e6, Period: 2e6, HoldBase: 1e6, HoldMax: 2e6}
	dir := t.TempDir()
	var logs []*history.Log
	open := func(id wire.PeerID) *node {
		l, err := history.Append(filepath.Join(dir, id.String()))
		if err != nil {
			t.Fatal(err)
		}
		n := newNode(t, id, Config{Link: quick, History: l, Name: id.String()})
		logs = append(logs, l)
		return n
	}
	a, b := open(1), open(2)
	introduce(t, a, b)
	a.send(2, 100)
	drive(t, 10, "all paths up", func() bool { return count(a, isUp) == 4 && count(b, isUp) == 4 }, a, b)
	for range 3 {
		a.faults.Drop(0, true)
		drive(t, 10, "half of the paths down", func() bool { return count(a, isUp) == 2 && count(b, isUp) == 2 }, a, b)
		a.faults.Drop(0, false)
		drive(t, 10, "all paths up again", func() bool { return count(a, isUp) == 4 && count(b, isUp) == 4 }, a, b)
	}
	var both history.Logs
	for i, n := range []*node{a, b} {
		if err := logs[i].Close(); err != nil {
			t.Fatal(err)
		}
		if err := both.ReadFile(filepath.Join(dir, n.e.self.id.String())); err != nil {
			t.Fatal(err)
		}
		kept := n.e.History()
		text, err := os.ReadFile(filepath.Join(dir, n.e.self.id.String()))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
			if i >= len(kept) || line != kept[i].String() {
				t.Fatalf("%v keeps %v, and wrote line %d: %s", n.e.self.id, kept, i, line)
			}
		}
	}
	verdicts := both.Compare()
	for _, v := range verdicts {
		if !v.Agree() {
			t.Errorf("%v: %v", v.String(), v.Wrong)
		}
	}
	if len(verdicts) != 4 || len(verdicts[0].Sides[0].Entries) < 7 {
		t.Errorf("%d paths: %v", len(verdicts), verdicts)
	}
}

// What is kept is bounded, and the newest of it.
func TestRecentIsBounded(t *testing.T) {
	e := &Endpoint{}
	for i := range historySize + 10 {
		e.recent.add(history.Entry{Epoch: uint32(i)})
	}
	if h := e.History(); len(h) != historySize || h[0].Epoch != 10 || h[historySize-1].Epoch != historySize+9 {
		t.Errorf("%d entries, from %d to %d", len(h), h[0].Epoch, h[len(h)-1].Epoch)
	}
}

// agree holds what all nodes tell of their paths against each other.
func agree(t *testing.T, nodes ...*node) {
	t.Helper()
	var text strings.Builder
	for _, n := range nodes {
		fmt.Fprintf(&text, "# rainnet history 1 %v slack 2 %v\n", n.e.End(), n.e.self.id)
		for _, e := range n.e.History() {
			fmt.Fprintln(&text, e)
		}
	}
	var logs history.Logs
	if err := logs.Read(strings.NewReader(text.String()), "log"); err != nil {
		t.Fatalf("%v\n%s", err, text.String())
	}
	for _, v := range logs.Compare() {
		if !v.Agree() {
			t.Errorf("%v: %v\n%s", v.String(), v.Wrong, text.String())
		}
	}
}
