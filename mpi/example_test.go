package mpi_test

import (
	"errors"
	"fmt"

	"rainmpi/mpi"
)

// A job of one rank needs no launcher.
func Example() {
	if err := mpi.Init(); err != nil {
		fmt.Println(err)
		return
	}
	world := mpi.World()
	sum := make([]float64, 2)
	if err := mpi.Allreduce(world, []float64{1, 2}, sum, mpi.Sum); err != nil {
		fmt.Println(err)
	}
	fmt.Println("rank", world.Rank(), "of", world.Size(), "has", sum)

	// A message to oneself: the receive is posted first.
	in := make([]int, 3)
	r, _ := mpi.Irecv(world, in, 0, 7)
	_ = mpi.Send(world, []int{3, 1, 4}, 0, 7)
	status, err := r.Wait()
	fmt.Println(in, "from rank", status.Source, "tag", status.Tag, err)

	// One that nobody receives is taken back.
	r, _ = world.IsendMode(mpi.Synchronous, mpi.Slice(in), 0, 8)
	_ = r.Cancel()
	status, err = r.Wait()
	fmt.Println("cancelled:", status.Cancelled(), err)

	err = mpi.Send(world, in, 5, 7)
	fmt.Println(errors.Is(err, mpi.ErrRank), err)
	_ = mpi.Finalize()
	// Output:
	// rank 0 of 1 has [1 2]
	// [3 1 4] from rank 0 tag 7 <nil>
	// cancelled: true <nil>
	// true MPI: invalid rank: the destination is rank 5; the communicator has ranks 0 to 0
}

// A program that wants to know how its network is watches the rails. Between hosts a line is then
// printed for every path that goes down or comes back, while a call of MPI waits.
func ExampleWatch() {
	for _, t := range []*mpi.EventType{mpi.RailDown, mpi.RailUp} {
		w := mpi.Watch(t, func(ev mpi.Event) { fmt.Println(ev.Text) })
		defer w.Stop()
	}
	for _, t := range mpi.EventTypes {
		fmt.Println(t.Name, t.Elements)
	}
	// Output:
	// rail_up [peer rail remote_rail epoch in_use]
	// rail_down [peer rail remote_rail epoch in_use]
	// peer_stalled [peer]
	// peer_resumed [peer]
	// peer_left [peer code]
	// data_resent [peer rail remote_rail bytes]
}
