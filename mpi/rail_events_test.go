package mpi_test

import (
	"fmt"
	"os"
	"path/filepath"
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
	step := func(t *mpi.EventType, n int) error { // both ranks send until both have heard
		for {
			mine := []int{0}
			if len(heard[t]) < n {
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
	if err := step(mpi.RailUp, 4); err != nil {
		return err
	}
	if c.Rank() == 0 {
		faults.Drop(1, true)
	}
	if err := step(mpi.RailDown, 3); err != nil {
		return err
	}
	if c.Rank() == 0 {
		faults.Drop(1, false)
	}
	if err := step(mpi.RailUp, 7); err != nil {
		return err
	}
	down, up := heard[mpi.RailDown][0], heard[mpi.RailUp][6]
	if down.Values[0] != int64(1-c.Rank()) || down.Values[3] != 2 || up.Values[3] != 3 || down.At > up.At || len(heard[mpi.RailDown]) != 3 {
		return fmt.Errorf("%d went down: %v %s; up again: %v", len(heard[mpi.RailDown]), down.Values, down.Text, up.Values)
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

func TestRailEvents(t *testing.T) {
	faults := filepath.Join(t.TempDir(), "faults")
	if err := os.WriteFile(faults, make([]byte, rainnet.FaultsFileSize), 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(rainnet.FaultsVariable, faults)
	start(t, "rail events", "-n", "2", "--host", "a:1,b:1", "--agent-command", "env ON=%h", "--rails", "127.0.0.1,127.0.0.2").wait(0)
}
