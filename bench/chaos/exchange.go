package chaos

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"rainmpi/mpi"
)

// The words of two more programs: one that sends checked messages around for some
// time and tells of the longest pause, and one that says hello.
const (
	ExchangeRole = "chaos-exchange" // SECONDS
	HelloRole    = "chaos-hello"
)

func playHello() error {
	if err := mpi.Init(); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	world := mpi.World()
	if err := world.Barrier(); err != nil {
		return err
	}
	fmt.Printf("hello from rank %d of %d on %s\n", world.Rank(), world.Size(), host)
	return mpi.Finalize()
}

// playExchange plays rounds until the first rank has had enough time; all end in
// the same round.
func playExchange(args []string) error {
	seconds, err := strconv.ParseFloat(slices.Concat(args, []string{""})[0], 64)
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
	start, last, pause := time.Now(), time.Now(), time.Duration(0)
	round := 0
	for over := false; !over; round++ {
		if err := playRound(world, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
		late, any := []int64{0}, []int64{0}
		if world.Rank() == 0 && time.Since(start).Seconds() > seconds {
			late[0] = 1
		}
		if err := mpi.Allreduce(world, late, any, mpi.Sum); err != nil {
			return err
		}
		over = any[0] > 0
		pause, last = max(pause, time.Since(last)), time.Now()
	}
	if world.Rank() == 0 {
		fmt.Printf("%d rounds, all right, longest pause %.2f s\n", round, pause.Seconds())
	}
	return mpi.Finalize()
}
