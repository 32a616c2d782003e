package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
	"rainmpi/internal/alone"
)

// The test binary is also the program of the ranks.
func TestMain(m *testing.M) {
	Play(os.Args)
	if len(os.Args) > 1 {
		var err error
		switch os.Args[1] {
		case checkedRole:
			err = checkedRank()
		case attackerRole:
			err = attack(os.Args[2:])
		default:
			runTests(m)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	runTests(m)
}

func runTests(m *testing.M) {
	alone.Clear()
	os.Exit(m.Run())
}

// TestChaos disturbs 50 jobs, or as many as RAIN_CHAOS_JOBS says, half of them
// on four hosts. The bars in time are for quiet machines and rainbench chaos:
// here a job must end, in its way, with nothing left.
func TestChaos(t *testing.T) {
	n := 50
	if v := os.Getenv("RAIN_CHAOS_JOBS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			t.Fatalf("RAIN_CHAOS_JOBS=%s is no number", v)
		}
	}
	rainrun := buildRainrun(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var report Report
	for _, hosts := range []int{2, 4} {
		c := Config{Lab: lab.Start(t, lab.Config{Hosts: hosts, Rails: 2}), Rainrun: rainrun, Self: self,
			HostTimeout: time.Second, PerHost: 4 / hosts}
		for i := range n / 2 {
			seed := uint64(i)
			kind := &Kinds[rand.New(rand.NewPCG(seed, 1)).IntN(len(Kinds))]
			o, err := c.Run(t.Context(), kind, seed)
			if err != nil {
				t.Fatal(err)
			}
			report.Add(o)
			for _, w := range o.Wrong {
				if !strings.HasPrefix(w, late) {
					t.Errorf("%d hosts, seed %d, %s (%s): %s\n%s", hosts, seed, kind.Name, o.What, w, o.Stderr)
				}
			}
		}
	}
	var table strings.Builder
	report.Print(&table)
	t.Log("\n" + table.String())
}
