package mpi_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"rainmpi/mpi"
)

func init() { programs["hammer"] = hammerOn }

// envHammer says how many milliseconds ranks hammer at each other at least, with which seed, and which of them die.
const envHammer = "HAMMER"

// hammerOn plays rounds with whoever is left, until as many have died as should. Who dies does so at a
// random moment after MPI_Init, by a thread beside the one that is in its rings.
func hammerOn([]string) error {
	var ms, seed uint64
	var list string
	if _, err := fmt.Sscan(os.Getenv(envHammer), &ms, &seed, &list); err != nil {
		return err
	}
	life, victims := time.Duration(ms)*time.Millisecond, strings.Split(list, ",")
	if err := mpi.Init(); err != nil {
		return err
	}
	time.AfterFunc(life+30*time.Second, func() {
		debug.SetTraceback("all")
		panic("a survivor hangs")
	})
	s := &rounds{world: mpi.World(), end: time.Now().Add(life)}
	if me := s.world.Rank(); slices.Contains(victims, strconv.Itoa(me)) {
		after := time.Duration(rand.New(rand.NewPCG(seed, uint64(me))).Int64N(int64(life)))
		time.AfterFunc(after, func() { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL) })
	}
	for over := false; !over; {
		err := s.rebuild()
		if err == nil {
			over, err = s.hammer(seed, len(victims))
		}
		if err != nil && !failure(err) {
			return err
		}
	}
	failed, err := s.world.Failed()
	if err != nil {
		return err
	}
	if s.comm.Rank() == 0 {
		dead, err := failed.Translate([]int{0, 1, 2, 3, 4, 5}[:failed.Size()], s.world.Group())
		if err != nil {
			return err
		}
		slices.Sort(dead)
		fmt.Printf("%d are left without %v\n", s.comm.Size(), dead)
	}
	return mpi.Finalize()
}

// hammer plays until it is over, or somebody has died: then every request of the round ends.
func (s *rounds) hammer(seed uint64, victims int) (over bool, err error) {
	var h hammer
	for ; ; s.round++ {
		stop, all := []int64{0}, []int64{0}
		if s.comm.Rank() == 0 && time.Now().After(s.end) && s.world.Size()-s.comm.Size() == victims {
			stop[0] = 1
		}
		if err := mpi.Allreduce(s.comm, stop, all, mpi.Max); err != nil || all[0] == 1 {
			return err == nil, err
		}
		if err := h.play(s.comm, seed, int(s.round)); err != nil {
			s.comm.Revoke()
			h.giveUp()
			return false, err
		}
	}
}

// TestKill kills 40 ranks, or as many as RAIN_KILLS says, at random moments inside their rings: one or
// several of a job, alone on their processors or not. The others go on and get what the living sent, or
// the job ends.
func TestKill(t *testing.T) {
	kills := 40
	if testing.Short() {
		kills = 8
	}
	if v := os.Getenv("RAIN_KILLS"); v != "" {
		var err error
		if kills, err = strconv.Atoi(v); err != nil {
			t.Fatalf("RAIN_KILLS=%s is no number", v)
		}
	}
	jobs := []struct {
		ranks   int
		victims int
		mode    string
	}{{2, 1, "continue"}, {6, 4, "continue"}, {4, 1, "abort"}, {3, 2, "continue"}}
	for trial, done := 0, 0; done < kills; trial++ {
		k := jobs[trial%len(jobs)]
		victims := rand.New(rand.NewPCG(uint64(trial), 0)).Perm(k.ranks)[:k.victims]
		slices.Sort(victims)
		list := strings.ReplaceAll(strings.Trim(fmt.Sprint(victims), "[]"), " ", ",")
		t.Setenv(envHammer, fmt.Sprint("300 ", trial, " ", list))
		j := start(t, "hammer", "-n", strconv.Itoa(k.ranks), "--on-failure", k.mode)
		if k.mode == "abort" {
			j.wait(137, fmt.Sprintf("rank %d on host ", victims[0]), "was killed by signal 9")
		} else {
			j.wait(137, fmt.Sprintf("%d are left without %v", k.ranks-k.victims, victims), "was killed by signal 9")
		}
		if done += k.victims; t.Failed() {
			t.Fatalf("trial %d: %d ranks, %v die, %s", trial, k.ranks, victims, k.mode)
		}
	}
}
