package mpi_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"rainmpi/mpi"
)

func init() {
	programs["manager"] = manager
	programs["worker"] = worker
	programs["refusals"] = refusals
	programs["soft"] = soft
	programs["doomed"] = doomed
	programs["victim"] = victim
	programs["independent"] = independent
	programs["rebel"] = rebel
}

func child(program string, n int) mpi.Program {
	return mpi.Program{Command: self(), Args: []string{"program:" + program}, N: n}
}

// The manager's world spawns workers of two programs, talks to each, merges with
// them, lets the merged communicator live on alone, and goes on without them.
func TestSpawn(t *testing.T) {
	for name, args := range places {
		t.Run(name, func(t *testing.T) { start(t, "manager", args...).wait(0) })
	}
}

func manager([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	world := mpi.World()
	if mpi.Parent() != nil {
		return errors.New("a rank of rainrun's has a parent")
	}
	for range 2 { // again: what the first round has left must not matter
		inter, codes, err := world.Spawn([]mpi.Program{child("worker", 2), child("worker", 1)}, 1)
		if err != nil {
			return err
		}
		if n, _ := inter.RemoteSize(); n != 3 || len(codes) != 3 || slices.Max(codes) != mpi.Success {
			return fmt.Errorf("%d workers, codes %v", n, codes)
		}
		for w := range 3 {
			got := []int{0, 0, 0}
			if err := mpi.Send(inter, make([]int, 1+w*30000), w, world.Rank()); err != nil {
				return err
			}
			if _, err := mpi.Recv(inter, got, w, 7); err != nil {
				return err
			}
			if want := []int{w, 3, w / 2}; !slices.Equal(got, want) {
				return fmt.Errorf("worker %d says rank, size and number of program are %v, want %v", w, got, want)
			}
		}
		if err := together(inter, false); err != nil {
			return err
		}
	}
	return mpi.Finalize()
}

func worker([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	world, parent := mpi.World(), mpi.Parent()
	if parent == nil || parent.Name() != "MPI_COMM_PARENT" {
		return errors.New("a worker without parents")
	}
	if n, _ := parent.RemoteSize(); n != 2 || world.Size() != 3 {
		return fmt.Errorf("%d parents of %d workers", n, world.Size())
	}
	for p := range 2 {
		s, err := mpi.Recv(parent, make([]int, 100000), p, p)
		if want := 1 + world.Rank()*30000; err != nil || s.Count(mpi.DatatypeOf[int]()) != want {
			return fmt.Errorf("%d elements, want %d: %v", s.Count(mpi.DatatypeOf[int]()), want, err)
		}
		if err := mpi.Send(parent, []int{world.Rank(), world.Size(), mpi.AppNum()}, p, 7); err != nil {
			return err
		}
	}
	if err := together(parent, true); err != nil {
		return err
	}
	if mpi.Parent() != nil {
		return errors.New("there is a parent after MPI_Comm_disconnect")
	}
	return mpi.Finalize()
}

// together merges both sides, parents first, and disconnects.
func together(inter *mpi.Comm, high bool) error {
	all, err := inter.Merge(high)
	if err != nil {
		return err
	}
	if err := inter.Disconnect(); err != nil {
		return err
	}
	sum := []int{0}
	if err := mpi.Allreduce(all, []int{all.Rank() + 1}, sum, mpi.Sum); err != nil {
		return err
	}
	if sum[0] != 15 || high != (all.Rank() >= 2) {
		return fmt.Errorf("rank %d of both worlds, the sum of ranks is %d", all.Rank(), sum[0])
	}
	// Every other rank: what is made of the merged communicator spans the worlds.
	half, err := all.Split(all.Rank()%2, 0)
	if err != nil {
		return err
	}
	if err := half.Barrier(); err != nil {
		return err
	}
	shared, err := all.SplitShared(0)
	if err != nil {
		return err
	}
	if high && shared.Size() > 3 || !high && shared.Size() > 2 {
		return fmt.Errorf("%d ranks of two worlds are said to share memory", shared.Size())
	}
	for _, c := range []*mpi.Comm{shared, half, all} {
		if err := c.Disconnect(); err != nil {
			return err
		}
	}
	return nil
}

// What cannot be started is an error of the call; the job goes on, and nothing of
// the attempt is left.
func TestSpawnRefused(t *testing.T) {
	for name, args := range places {
		t.Run(name, func(t *testing.T) { start(t, "refusals", args...).wait(0) })
	}
}

func refusals([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	hint := func(key, value string) *mpi.Info {
		i := mpi.NewInfo()
		i.Set(key, value)
		return i
	}
	sleeper := mpi.Program{Command: "sleep", Args: []string{"1000"}, N: 1}
	for _, c := range []struct {
		what     string
		programs []mpi.Program
		class    mpi.Class
	}{
		{"a program that is not there", []mpi.Program{{Command: "./no-such-program", N: 2}}, mpi.ErrSpawn},
		{"the second of two", []mpi.Program{sleeper, {Command: "no-such-program", N: 1}}, mpi.ErrSpawn},
		{"a program that ends at once", []mpi.Program{{Command: "true", N: 2}, sleeper}, mpi.ErrSpawn},
		{"a program that fails at once", []mpi.Program{{Command: "false", N: 1}}, mpi.ErrSpawn},
		{"no such folder", []mpi.Program{{Command: self(), N: 1, Info: hint("wdir", "/no/such/folder")}}, mpi.ErrSpawn},
		{"a host of another job", []mpi.Program{{Command: self(), N: 1, Info: hint("host", "elsewhere")}}, mpi.ErrSpawn},
		{"no processes", []mpi.Program{{Command: self(), N: 0}}, mpi.ErrArg},
		{"no programs", nil, mpi.ErrArg},
		{"numbers that are none", []mpi.Program{{Command: self(), N: 4, Info: hint("soft", "1:x")}}, mpi.ErrInfoValue},
		{"a file that is not there", []mpi.Program{{Command: self(), N: 4, Info: hint("file", "/no/such/file")}}, mpi.ErrInfoValue},
	} {
		inter, codes, err := mpi.World().Spawn(c.programs, 0)
		if inter != nil || !errors.Is(err, c.class) {
			return fmt.Errorf("%s: %v, want %v", c.what, err, c.class)
		}
		n := 0
		for _, p := range c.programs {
			n += p.N
		}
		if c.class == mpi.ErrSpawn && (len(codes) != n || slices.Min(codes) != mpi.ErrSpawn) {
			return fmt.Errorf("%s: codes %v", c.what, codes)
		}
	}
	if _, _, err := mpi.World().Spawn([]mpi.Program{child("worker", 1)}, 2); !errors.Is(err, mpi.ErrRoot) {
		return fmt.Errorf("root 2 of 2: %v", err)
	}
	return mpi.Finalize()
}

// With the key soft fewer processes may be started than asked for.
func TestSpawnSoft(t *testing.T) {
	start(t, "soft", "-n", "1", "--host", "localhost:4").wait(0)
}

func soft([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	if p := mpi.Parent(); p != nil {
		if err := p.Disconnect(); err != nil {
			return err
		}
		return mpi.Finalize()
	}
	p := child("soft", 5)
	if _, _, err := mpi.World().Spawn([]mpi.Program{p}, 0); !errors.Is(err, mpi.ErrSpawn) {
		return fmt.Errorf("5 processes on 3 slots: %v", err)
	}
	p.Info = mpi.NewInfo()
	p.Info.Set("soft", "1:9:2")
	inter, codes, err := mpi.World().Spawn([]mpi.Program{p}, 0)
	if err != nil {
		return err
	}
	want := []mpi.Class{mpi.Success, mpi.Success, mpi.Success, mpi.ErrSpawn, mpi.ErrSpawn}
	if n, _ := inter.RemoteSize(); n != 3 || !slices.Equal(codes, want) {
		return fmt.Errorf("%d processes, codes %v", n, codes)
	}
	if err := inter.Disconnect(); err != nil {
		return err
	}
	// The slots are free again when those processes have ended, which nobody waits for
	// in MPI.
	for range 100000 {
		inter, _, err := mpi.World().Spawn([]mpi.Program{child("soft", 3)}, 0)
		if err == nil {
			if err := inter.Disconnect(); err != nil {
				return err
			}
			return mpi.Finalize()
		}
		if !errors.Is(err, mpi.ErrSpawn) {
			return err
		}
	}
	return errors.New("the slots of processes that have ended stay taken")
}

// A spawned process that is killed ends the job that is connected with it.
func TestSpawnedDies(t *testing.T) {
	for name, args := range places {
		t.Run(name, func(t *testing.T) {
			start(t, "doomed", args...).wait(128+int(syscall.SIGKILL), "spawned rank", "signal 9", "the job was ended")
		})
	}
}

func doomed([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	inter, _, err := mpi.World().Spawn([]mpi.Program{child("victim", 3)}, 0)
	if err != nil {
		return err
	}
	_, err = mpi.Recv(inter, []int{0}, 1, 0) // never comes
	return err
}

func victim([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	if mpi.World().Rank() == 1 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	_, err := mpi.Recv(mpi.World(), []int{0}, 1, 0)
	return err
}

// "If a process terminates without calling MPI_FINALIZE, independent processes are
// not affected": spawned ones that have disconnected may fail. The job goes on, ends
// in order, and its status tells of them.
func TestIndependentDies(t *testing.T) {
	for name, args := range places {
		t.Run(name, func(t *testing.T) {
			j := start(t, "independent", args...)
			j.wait(7, "aborted the job with code 7: enough", "what is not connected with it goes on", "the job has done its work")
			if strings.Contains(j.out.String(), "the job was ended") {
				t.Errorf("the job was ended: %s", j.out.String())
			}
		})
	}
}

func independent([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	inter, _, err := mpi.World().Spawn([]mpi.Program{child("rebel", 3)}, 0)
	if err != nil {
		return err
	}
	pid := []int{0}
	if _, err := mpi.Recv(inter, pid, 0, 0); err != nil {
		return err
	}
	if err := inter.Disconnect(); err != nil {
		return err
	}
	// It is gone, and so is its world; we can still spawn, and end.
	if mpi.World().Rank() == 0 {
		for syscall.Kill(pid[0], 0) == nil {
			os.Stdout.Sync()
		}
	}
	if err := mpi.World().Barrier(); err != nil {
		return err
	}
	if inter, _, err = mpi.World().Spawn([]mpi.Program{child("soft", 1)}, 0); err != nil {
		return err
	}
	if err := inter.Disconnect(); err != nil {
		return err
	}
	if mpi.World().Rank() == 0 {
		fmt.Println("the job has done its work")
	}
	return mpi.Finalize()
}

func rebel([]string) error {
	if err := mpi.Init(); err != nil {
		return err
	}
	if mpi.World().Rank() == 0 {
		for p := range 2 {
			if err := mpi.Send(mpi.Parent(), []int{os.Getpid()}, p, 0); err != nil {
				return err
			}
		}
	}
	if err := mpi.Parent().Disconnect(); err != nil {
		return err
	}
	if mpi.World().Rank() == 0 {
		mpi.AbortText(7, "enough")
	}
	_, err := mpi.Recv(mpi.World(), []int{0}, 0, 0) // never comes
	return err
}
