package mpi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rainmpi/mpi"
	"rainmpi/rainnet/history"
)

func init() { programs["historian"] = historian }

// historian talks to the other rank and looks at what its paths have done.
func historian([]string) error {
	if before, err := mpi.PathHistory(); err == nil {
		return fmt.Errorf("a history before Init: %v", before)
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	w := mpi.World()
	got := make([]int64, 1)
	if w.Rank() == 0 {
		if err := mpi.Send(w, []int64{7}, 1, 0); err != nil {
			return err
		}
		got[0] = 7
	} else if _, err := mpi.Recv(w, got, 0, 0); err != nil {
		return err
	}
	entries, err := mpi.PathHistory()
	if err != nil {
		return err
	}
	between := os.Getenv(history.Variable) != "" // two hosts
	foreign := slices.ContainsFunc(entries, func(e history.Entry) bool { return e.Self != entries[0].Self })
	if got[0] != 7 || foreign || w.Rank() == 1 && between != (len(entries) > 0) {
		return fmt.Errorf("%d came; the history is %v", got[0], entries)
	}
	return mpi.Finalize()
}

// TestPathHistory: ranks know what their paths to other hosts have done, and the files that they and
// their agents leave agree.
func TestPathHistory(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	start(t, "historian", append(places["two hosts"], "--history", log)...).wait(0)
	var logs history.Logs
	for _, host := range []string{"a", "b"} {
		if err := logs.ReadFile(history.FileOn(log, host)); err != nil {
			t.Fatal(err)
		}
	}
	ranks := 0
	for _, v := range logs.Compare() {
		if !v.Agree() {
			t.Errorf("%v: %v", v.String(), v.Wrong)
		}
		if strings.HasPrefix(v.Sides[0].Name, "rank ") && strings.HasPrefix(v.Sides[1].Name, "rank ") {
			ranks++
		}
	}
	if ranks == 0 {
		t.Error("no path between ranks is in the logs")
	}
	start(t, "historian", places["one host"]...).wait(0)
}
