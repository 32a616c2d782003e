package mpi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rainmpi/mpi"
	"rainmpi/rainnet"
)

func init() {
	programs["rail events"] = railEvents
}

// railEvents cuts one rail of two and mends it, and hears of it.
func railEvents([]string) error {
	heard := map[*mpi.EventType][]mpi.Event{}
	for _, t := range []*mpi.EventType{mpi.RailUp, mpi.RailDown, mpi.DataResent} {
		mpi.Watch(t, func(ev mpi.Event) { heard[t] = append(heard[t], ev) })
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	c := mpi.World()
	faults, err := rainnet.FaultsOfEnvironment()
	if err != nil {
		return err
	}
	data := make([]byte, 1<<20)
	var more [1]int
	step := func(heard func() bool) error { // both ranks send until both have heard
		for {
			mine := []int{0}
			if !heard() {
				mine[0] = 1
			}
			if err := mpi.Allreduce(c, mine, more[:], mpi.Sum); err != nil || more[0] == 0 {
				return err
			}
			if _, err := mpi.Sendrecv(c, data, 1-c.Rank(), 0, data, 1-c.Rank(), 0); err != nil {
				return err
			}
		}
	}
	const cut = 1
	// latest is the last event of each path, or of those of the rail that is cut. Paths may go down and come
	// back without it, where others use the processors.
	latest := func(cutOnes bool, events ...[]mpi.Event) map[[2]int64]mpi.Event {
		of := map[[2]int64]mpi.Event{}
		for _, ev := range slices.Concat(events...) {
			p := [2]int64{ev.Values[1], ev.Values[2]}
			if (!cutOnes || p[0] == cut || p[1] == cut) && ev.Values[3] > epoch(of[p]) {
				of[p] = ev
			}
		}
		return of
	}
	are := func(n int, is *mpi.EventType, cutOnes bool) func() bool {
		return func() bool {
			so := 0
			for _, ev := range latest(cutOnes, heard[mpi.RailUp], heard[mpi.RailDown]) {
				if ev.Type == is {
					so++
				}
			}
			return so == n
		}
	}
	if err := step(are(4, mpi.RailUp, false)); err != nil {
		return err
	}
	if c.Rank() == 0 {
		faults.Drop(cut, true)
	}
	if err := step(are(3, mpi.RailDown, true)); err != nil {
		return err
	}
	if c.Rank() == 0 {
		faults.Drop(cut, false)
	}
	if err := step(are(3, mpi.RailUp, true)); err != nil {
		return err
	}
	downs := latest(true, heard[mpi.RailDown])
	for p, up := range latest(true, heard[mpi.RailUp]) {
		down := downs[p]
		if down.Values[0] != int64(1-c.Rank()) || epoch(down)%2 != 0 || epoch(up)%2 != 1 || epoch(down) < epoch(up) && down.At > up.At {
			return fmt.Errorf("path %v went down: %v %s; up: %v", p, down.Values, down.Text, up.Values)
		}
	}
	sum := []int{0}
	for _, ev := range heard[mpi.DataResent] {
		sum[0] += int(ev.Values[3])
	}
	if err := mpi.Allreduce(c, append([]int(nil), sum...), sum, mpi.Sum); err != nil {
		return err
	}
	if sum[0] == 0 {
		return fmt.Errorf("a rail was cut under way and nothing was sent again")
	}
	return mpi.Finalize()
}

// epoch of an event, 0 of none.
func epoch(ev mpi.Event) int64 {
	if ev.Values == nil {
		return 0
	}
	return ev.Values[3]
}

func TestRailEvents(t *testing.T) {
	faults := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(faults, make([]byte, rainnet.FaultsFileSize), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(rainnet.FaultsVariable, faults)
	start(t, "rail events", "-n", "2", "--host", "a:1,b:1", "--agent-command", "env ON=%h", "--rails", "127.0.0.1,127.0.0.2").wait(0)
}
