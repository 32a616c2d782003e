package soak

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"rainmpi/bench/lab"
	"rainmpi/internal/alone"
)

func TestMain(m *testing.M) {
	Play(os.Args)
	alone.Clear()
	os.Exit(m.Run())
}

// TestSoak is a share of what rainbench soak does for ten minutes.
func TestSoak(t *testing.T) {
	rainrun, err := exec.LookPath("rainrun")
	if err != nil {
		if rainrun, err = exec.LookPath("../../build/bin/rainrun"); err != nil {
			t.Fatal("rainrun is neither in PATH nor built: run make build first")
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := lab.Start(t, lab.Config{Hosts: 2, Rails: 2, Rate: 1e9})
	r, err := Config{Lab: l, Rainrun: rainrun, Self: self, PerHost: 2, Duration: 12 * time.Second, Seed: uint64(time.Now().UnixNano())}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.Print(t.Output())
	if len(r.Wrong) > 0 {
		t.Fatalf("%d things are wrong", len(r.Wrong))
	}
	if len(r.Faults) < 2 {
		t.Errorf("only these faults: %v", r.Faults)
	}
}

// TestJudge: what grows is found.
func TestJudge(t *testing.T) {
	steady := []Sample{{At: 1, RSS: 50 << 20, FDs: 9, Goroutines: 5}, {At: 3, RSS: 60 << 20, FDs: 9, Goroutines: 5, Messages: 1}, {At: 10, RSS: 61 << 20, FDs: 9, Goroutines: 5, Messages: 2}}
	for _, c := range []struct {
		change func(*Sample)
		wrong  int
	}{
		{func(*Sample) {}, 0},
		{func(s *Sample) { s.RSS += 20 << 20 }, 1},
		{func(s *Sample) { s.FDs += 5 }, 1},
		{func(s *Sample) { s.Goroutines += 5 }, 1},
		{func(s *Sample) { s.Messages = 0 }, 1},
	} {
		ranks := append([]Sample(nil), steady...)
		c.change(&ranks[2])
		r := Report{Ranks: [][]Sample{ranks}}
		r.judge(10 * time.Second)
		if len(r.Wrong) != c.wrong {
			t.Errorf("%+v: %q", ranks[2], r.Wrong)
		}
	}
}
