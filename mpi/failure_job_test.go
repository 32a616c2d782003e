package mpi_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rainmpi/mpi"
)

func init() { programs["survive"] = survive }

// survive does rounds of all kinds of communication, with whoever is left, for as long as the
// first argument says; the first of those who are left decides when it is over. A rank ends
// itself after a time drawn from the second argument, if the third names it.
func survive(_ []string) error {
	args := strings.Fields(os.Getenv("SURVIVE"))
	life, _ := time.ParseDuration(args[0])
	seed, _ := strconv.ParseUint(args[1], 10, 64)
	victim, _ := strconv.Atoi(args[2])
	if os.Getenv("RAIN_RANK") == args[2] {
		within := rand.New(rand.NewPCG(seed, 1)).Int64N(int64(life) / 2)
		time.AfterFunc(time.Duration(within), func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	s := &rounds{world: mpi.World(), end: time.Now().Add(life)}
	for over := false; !over; {
		err := s.rebuild()
		if err == nil {
			over, err = s.run()
		}
		if err != nil && !failure(err) {
			return err
		}
	}
	if left := s.world.Size() - s.comm.Size(); left != 1 {
		return fmt.Errorf("%d ranks are missing", left)
	}
	failed, err := s.world.Failed()
	if err != nil {
		return err
	}
	if at, err := failed.Translate([]int{0}, s.world.Group()); err != nil || at[0] != victim {
		return fmt.Errorf("rank %v has failed, not %d; %v", at, victim, err)
	}
	if s.comm.Rank() == 0 {
		fmt.Printf("%d of %d are left\n", s.comm.Size(), s.world.Size())
	}
	return mpi.Finalize()
}

func failure(err error) bool {
	return errors.Is(err, mpi.ErrProcFailed) || errors.Is(err, mpi.ErrRevoked) || errors.Is(err, mpi.ErrProcFailedPending) || errors.Is(err, mpi.ErrInStatus)
}

type rounds struct {
	world, comm *mpi.Comm
	end         time.Time
	round       int64
}

func (s *rounds) rebuild() error {
	if s.comm != nil {
		s.comm.Revoke()
	}
	for {
		failed, err := s.world.Failed()
		if err != nil {
			return err
		}
		comm, err := s.world.CreateGroup(s.world.Group().Difference(failed), failed.Size())
		if err == nil {
			s.comm = comm
			round := []int64{0}
			if err = mpi.Allreduce(comm, []int64{s.round}, round, mpi.Min); err == nil {
				s.round = round[0]
				return nil
			}
			comm.Revoke()
		}
		if !failure(err) {
			return err
		}
	}
}

func (s *rounds) run() (over bool, err error) {
	c := s.comm
	n, rank := c.Size(), c.Rank()
	big, sum := make([]float64, 30_000), make([]float64, 30_000)
	out, in := make([]byte, 100_000), make([]byte, 100_000)
	for ; ; s.round++ {
		stop, all := []int64{0}, []int64{0}
		if rank == 0 && time.Now().After(s.end) {
			stop[0] = 1
		}
		if err := mpi.Allreduce(c, stop, all, mpi.Max); err != nil || all[0] == 1 {
			return err == nil, err
		}
		switch s.round % 5 {
		case 0:
			err = mpi.Allreduce(c, big, sum, mpi.Sum)
		case 1:
			_, err = c.Sendrecv(mpi.Slice(out), (rank+1)%n, 1, mpi.Slice(in), (rank+n-1)%n, 1)
		case 2:
			if rank > 0 {
				err = c.Send(mpi.Slice(out[:10]), 0, 2)
			}
			for i := 1; i < n && rank == 0 && err == nil; i++ {
				_, err = c.Recv(mpi.Slice(in), mpi.AnySource, 2)
			}
		case 3:
			var r *mpi.Request
			if r, err = c.Ibarrier(); err == nil {
				_, err = r.Wait()
			}
		case 4:
			err = s.neighbours(out[:10], in)
		}
		if err != nil {
			return false, err
		}
	}
}

// neighbours receives before it sends.
func (s *rounds) neighbours(out, in []byte) error {
	c := s.comm
	r, err := c.Irecv(mpi.Slice(in), mpi.AnySource, 4)
	if err != nil {
		return err
	}
	if err := c.Ssend(mpi.Slice(out), (c.Rank()+1)%c.Size(), 4); err != nil {
		return err
	}
	_, err = r.Wait()
	return err
}

// A rank dies at a random moment, also in MPI_Init. Whatever the others are about ends with an
// error; they go on, and end in order.
func TestSurvive(t *testing.T) {
	trials := 30
	if testing.Short() {
		trials = 6
	}
	layouts := [][]string{
		{"-n", "3"},
		{"-n", "4", "--host", "a:2,b:2", "--agent-command", "env ON=%h", "--rails", "127.0.0.1"},
	}
	for trial := range trials {
		layout := layouts[trial%2]
		n, _ := strconv.Atoi(layout[1])
		victim := trial % n
		t.Setenv("SURVIVE", fmt.Sprint("600ms ", trial, " ", victim))
		j := start(t, "survive", append([]string{"--on-failure", "continue"}, layout...)...)
		j.wait(137, fmt.Sprintf("%d of %d are left", n-1, n), fmt.Sprintf("rank %d on host ", victim), "was killed by signal 9 (killed)", "; the job goes on without it")
		if t.Failed() {
			t.Fatalf("trial %d", trial)
		}
	}
}
