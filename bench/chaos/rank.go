package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/mpi"
)

// The words by which a program that imports this package is one of its parts:
// main hands its arguments to Play first.
const (
	RankRole = "chaos-rank" // of the job
	pipeRole = "chaos-pipe" // the start channel to an agent
)

// What makes a rank abort the job, or leave it without a word.
const (
	signalAbort = unix.SIGUSR1
	signalExit  = unix.SIGUSR2
)

// going is what rank 0 prints when all ranks are there.
const going = "all ranks are there"

// Play plays the part that the arguments name and does not return; with other
// arguments it does nothing.
func Play(args []string) {
	if len(args) < 2 {
		return
	}
	var err error
	switch args[1] {
	case RankRole:
		err = playRank()
	case ExchangeRole:
		err = playExchange(args[2:])
	case SurviveRole:
		err = playSurvive(args[2:])
	case HelloRole:
		err = playHello()
	case pipeRole:
		err = playPipe(args[2:])
	default:
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", args[1], err)
		os.Exit(1)
	}
	os.Exit(0)
}

// meet waits for all ranks, and has rank 0 say that they are there.
func meet() (*mpi.Comm, error) {
	world := mpi.World()
	err := world.Barrier()
	if err == nil && world.Rank() == 0 {
		fmt.Println(going)
	}
	return world, err
}

// rankLife bounds what a rank does, should everybody forget about it.
const rankLife = 2 * time.Minute

// playRank sends around the ring and reduces, and checks both, until it is ended.
func playRank() error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, signalAbort, signalExit)
	if err := mpi.Init(); err != nil {
		return err
	}
	go func() {
		if <-signals == signalAbort {
			mpi.Abort(7)
		}
		os.Exit(3)
	}()
	world, err := meet()
	if err != nil {
		return err
	}
	for start, round := time.Now(), 0; time.Since(start) < rankLife; round++ {
		if err := playRound(world, round); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return mpi.Finalize()
}

// sizes of the messages: eager, rendezvous, many packets.
var sizes = []int{1, 1000, 100_000, 1_000_000}

func playRound(world *mpi.Comm, round int) error {
	n, rank := world.Size(), world.Rank()
	from, size := (rank+n-1)%n, sizes[round%len(sizes)]
	out, in := slices.Repeat([]byte{byte(rank + round)}, size), make([]byte, size)
	if _, err := world.Sendrecv(mpi.Slice(out), (rank+1)%n, 0, mpi.Slice(in), from, 0); err != nil {
		return err
	}
	for _, b := range in {
		if b != byte(from+round) {
			return fmt.Errorf("a byte from rank %d is %d", from, b)
		}
	}
	sum := make([]int64, 1)
	if err := mpi.Allreduce(world, []int64{int64(rank + round)}, sum, mpi.Sum); err != nil {
		return err
	}
	if want := int64(n*(n-1)/2 + n*round); sum[0] != want {
		return fmt.Errorf("the sum is %d, not %d", sum[0], want)
	}
	return nil
}

// playPipe starts a command and passes its standard input and output on, as ssh
// does: when this process is stopped, the start channel hangs.
func playPipe(args []string) error {
	cmd := exec.Command(args[0], args[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		pump(in, os.Stdin)
		in.Close()
	}()
	pump(os.Stdout, out)
	return cmd.Wait()
}
