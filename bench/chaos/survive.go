package chaos

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"rainmpi/mpi"
)

// SurviveRole is a rank of a job that goes on without those that fail. It adds up numbers
// for so many seconds, and its first survivor prints who is left.
const SurviveRole = "chaos-survive"

func playSurvive(args []string) error {
	seconds, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	world, err := meet()
	if err != nil {
		return err
	}
	end := time.Now().Add(time.Duration(seconds) * time.Second)
	for {
		comm, err := remake(world)
		if err == nil {
			if err = sumUntil(comm, end); err == nil {
				return survived(world, comm)
			}
			comm.Revoke()
		}
		if !errors.Is(err, mpi.ErrProcFailed) && !errors.Is(err, mpi.ErrRevoked) {
			return err
		}
	}
}

// remake makes a communicator of those who are left. The number of those who are not is
// the tag: who has not heard of all yet fails, and comes again.
func remake(world *mpi.Comm) (*mpi.Comm, error) {
	failed, err := world.Failed()
	if err != nil {
		return nil, err
	}
	return world.CreateGroup(world.Group().Difference(failed), failed.Size())
}

// sumUntil ends when the first rank says so.
func sumUntil(comm *mpi.Comm, end time.Time) error {
	in, out := make([]int64, 2), make([]int64, 2)
	for {
		in[0], in[1] = 1, 0
		if comm.Rank() == 0 && time.Now().After(end) {
			in[1] = 1
		}
		if err := mpi.Allreduce(comm, in, out, mpi.Sum); err != nil {
			return err
		}
		if out[0] != int64(comm.Size()) {
			return fmt.Errorf("the sum is %d, not %d", out[0], comm.Size())
		}
		if out[1] == 1 {
			return nil
		}
	}
}

func survived(world, comm *mpi.Comm) error {
	if comm.Rank() == 0 {
		failed, err := world.Failed()
		if err != nil {
			return err
		}
		list := make([]int, failed.Size())
		for i := range list {
			list[i] = i
		}
		ranks, err := failed.Translate(list, world.Group())
		if err != nil {
			return err
		}
		fmt.Printf("%d ranks are left, without %v\n", comm.Size(), ranks)
	}
	return mpi.Finalize()
}
