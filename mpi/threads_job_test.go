package mpi_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"rainmpi/mpi"
)

func init() { programs["threads"] = threadsOn }

// threadsOn has threads with a communicator each send long messages round the ranks, until one thread of the last rank
// has played its rounds and kills it, in the midst of what the others do: then each thread's communication ends.
func threadsOn([]string) error {
	const threads = 3
	seed, err := strconv.ParseUint(os.Getenv(envHammer), 10, 64)
	if err != nil {
		return err
	}
	if err := mpi.Init(); err != nil {
		return err
	}
	time.AfterFunc(40*time.Second, func() {
		debug.SetTraceback("all")
		panic("a thread hangs")
	})
	world := mpi.World()
	me, n := world.Rank(), world.Size()
	// The memory is there until the end: who has matched a message reads it, though its send has been revoked.
	var comms [threads]*mpi.Comm
	var out, in [threads][]int64
	for i := range threads {
		if comms[i], err = world.Dup(); err != nil {
			return err
		}
		out[i], in[i] = make([]int64, 40_000<<i), make([]int64, 40_000<<i)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	killer, lasts := random.IntN(threads), 1+random.Int64N(100) // one round at least: then the others have all theirs
	var wg sync.WaitGroup
	errs := make([]error, threads)
	for i, c := range comms {
		last := int64(math.MaxInt64)
		if me == n-1 && i == killer {
			last = lasts
		}
		wg.Go(func() { errs[i] = goRound(c, out[i], in[i], last) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	fmt.Printf("rank %d is left\n", me)
	return mpi.Finalize()
}

// goRound sends to the next rank and receives from the one before, until one of them has failed, or this one does
// after its last round.
func goRound(c *mpi.Comm, out, in []int64, last int64) error {
	n, me := c.Size(), c.Rank()
	to, from := (me+1)%n, (me+n-1)%n
	for round := int64(0); ; round++ {
		if round == last {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		for i := range out {
			out[i] = int64(me)<<40 + round<<20 + int64(i)
		}
		if _, err := c.Sendrecv(mpi.Slice(out), to, 1, mpi.Slice(in), from, 1); err != nil {
			if !failure(err) {
				return err
			}
			return c.Revoke() // the others wait for this rank
		}
		for i, v := range in {
			if want := int64(from)<<40 + round<<20 + int64(i); v != want {
				return fmt.Errorf("number %d of round %d from rank %d is %#x, not %#x", i, round, from, v, want)
			}
		}
	}
}

// TestThreadsBereaved: a rank dies while threads copy messages from it and to it.
func TestThreadsBereaved(t *testing.T) {
	trials := 12
	if testing.Short() {
		trials = 4
	}
	for trial := range trials {
		t.Setenv(envHammer, strconv.Itoa(trial))
		args := []string{"-n", "3"}
		if trial%2 == 1 {
			args = []string{"-n", "3", "--host", "a:2,b:2", "--map-by", "node", "--agent-command", "env ON=%h"}
		}
		start(t, "threads", append(args, "--on-failure", "continue")...).wait(137, "rank 0 is left", "rank 1 is left", "was killed by signal 9")
		if t.Failed() {
			t.Fatalf("trial %d", trial)
		}
	}
}
