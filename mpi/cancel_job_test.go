package mpi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rainmpi/internal/boot"
	"rainmpi/mpi"
)

func init() {
	programs["cancel"] = cancelToSleeper
}

// envDone names a file that tells rank 1 that rank 0 is through, without MPI.
const envDone = "MPI_TEST_DONE"

// envLate makes rank 1 call MPI_Init after rank 0 has asked for it, which the file that it names tells.
const envLate = "MPI_TEST_LATE"

// cancelToSleeper cancels sends to a rank that does not call MPI.
func cancelToSleeper([]string) error {
	asked := os.Getenv(envLate)
	late := asked != ""
	if late && os.Getenv(boot.EnvRank) == "1" {
		if err := await(asked); err != nil {
			return err
		}
		time.Sleep(100 * time.Millisecond) // for the way of the question
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	c, done := mpi.World(), os.Getenv(envDone)
	data := make([]byte, 1<<20)
	if !late {
		if err := c.Barrier(); err != nil {
			return err
		}
	}
	if c.Rank() == 1 {
		if err := await(done); err != nil {
			return err
		}
	} else {
		for _, mode := range []mpi.Mode{mpi.Standard, mpi.Synchronous} {
			for _, n := range []int{1, len(data)} {
				r, err := c.IsendMode(mode, mpi.Slice(data[:n]), 1, 5)
				if err != nil {
					return err
				}
				if err := r.Cancel(); err != nil {
					return err
				}
				if late {
					if err := os.WriteFile(asked, nil, 0o666); err != nil {
						return err
					}
				}
				if st, err := r.Wait(); err != nil || !st.Cancelled() {
					return fmt.Errorf("%d bytes, mode %d: %+v, %v", n, mode, st, err)
				}
			}
		}
		if err := os.WriteFile(done, nil, 0o666); err != nil {
			return err
		}
	}
	if err := c.Barrier(); err != nil {
		return err
	}
	if _, found, err := c.Iprobe(mpi.AnySource, mpi.AnyTag); found || err != nil {
		return fmt.Errorf("a cancelled message is there: %v, %v", found, err)
	}
	return mpi.Finalize()
}

// await waits for a file that rank 0 writes.
func await(file string) error {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("rank 0 is not so far as to write %s", file)
		}
	}
}

func TestCancelToLateSleeper(t *testing.T) {
	t.Setenv(envDone, filepath.Join(t.TempDir(), "done"))
	t.Setenv(envLate, filepath.Join(t.TempDir(), "asked"))
	start(t, "cancel", places["one host"]...).wait(0)
}

func TestCancelToSleeper(t *testing.T) {
	for place, args := range places {
		t.Run(place, func(t *testing.T) {
			t.Setenv(envDone, filepath.Join(t.TempDir(), "done"))
			start(t, "cancel", args...).wait(0)
		})
	}
}
