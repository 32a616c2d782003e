// Survive computes the same sum again and again while ranks may die. Those that are left
// end the communication that is under way, make a communicator of themselves and go on.
//
//	go build -o survive-go ./examples/survive/go
//	rainrun -n 4 --on-failure continue ./survive-go [ROUNDS] [VICTIM] [ROUND]
//
// VICTIM kills itself in round ROUND; or kill one yourself.
package main

import (
	"errors"
	"fmt"
	"log"
	"os"
	"strconv"
	"syscall"

	"rainmpi/mpi"
)

func main() {
	log.SetFlags(0)
	if err := mpi.Init(); err != nil {
		log.Fatal(err)
	}
	s := survivor{world: mpi.World(), last: number(1, 1000), victim: number(2, -1), at: number(3, 0)}
	err := s.run()
	if end := mpi.Finalize(); err == nil {
		err = end
	}
	if err != nil {
		log.Fatal(err)
	}
}

func number(arg, otherwise int) int {
	if len(os.Args) > arg {
		if n, err := strconv.Atoi(os.Args[arg]); err == nil {
			return n
		}
	}
	return otherwise
}

// A survivor is one rank. comm is the communicator of those who are left; world is only
// used to make it: it must not be revoked.
type survivor struct {
	world, comm *mpi.Comm
	round, last int
	victim, at  int
}

func (s *survivor) run() error {
	for {
		if err := s.rebuild(); err != nil {
			return err
		}
		err := s.work()
		if err == nil {
			return s.report()
		}
		if !survivable(err) {
			return err
		}
	}
}

func survivable(err error) bool {
	return errors.Is(err, mpi.ErrProcFailed) || errors.Is(err, mpi.ErrRevoked)
}

// work adds up the ranks of all that are left, and checks the sum. Who is through with the
// last round cannot know that another one is not: a failure then is not survived. What
// would help is an agreement (MPIX_Comm_agree), which this version has not.
func (s *survivor) work() error {
	mine, sum := make([]int64, 1), make([]int64, 1)
	for ; s.round < s.last; s.round++ {
		if s.world.Rank() == s.victim && s.round == s.at {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		mine[0] = int64(s.world.Rank() * s.round)
		if err := mpi.Allreduce(s.comm, mine, sum, mpi.Sum); err != nil {
			return err
		}
		if want := s.ranks() * int64(s.round); sum[0] != want {
			return fmt.Errorf("round %d: the sum is %d, not %d", s.round, sum[0], want)
		}
	}
	return nil
}

// ranks is the sum of the ranks in comm.
func (s *survivor) ranks() (sum int64) {
	at, _ := s.comm.Group().Translate(sequence(s.comm.Size()), s.world.Group())
	for _, r := range at {
		sum += int64(r)
	}
	return sum
}

func sequence(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// rebuild makes the next communicator. Whoever sees a failure revokes the last one, so
// that nobody waits in it for one who has left it. The number of failures is the tag: those
// who have not heard of all yet fail, and come again.
func (s *survivor) rebuild() error {
	if s.comm != nil {
		if err := s.comm.Revoke(); err != nil {
			return err
		}
	}
	for {
		failed, err := s.world.Failed()
		if err != nil {
			return err
		}
		comm, err := s.world.CreateGroup(s.world.Group().Difference(failed), failed.Size())
		if err == nil {
			s.comm = comm
			// Some may have finished the round that others have not.
			round := make([]int64, 1)
			err = mpi.Allreduce(comm, []int64{int64(s.round)}, round, mpi.Min)
			s.round = int(round[0])
		}
		switch {
		case err == nil:
			return nil
		case !survivable(err):
			return err
		case comm != nil:
			comm.Revoke()
		}
	}
}

func (s *survivor) report() error {
	if s.comm.Rank() == 0 {
		fmt.Printf("%d of %d ranks have done %d rounds\n", s.comm.Size(), s.world.Size(), s.last)
	}
	return nil
}
