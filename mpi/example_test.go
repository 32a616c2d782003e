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

	err = mpi.Send(world, in, 5, 7)
	fmt.Println(errors.Is(err, mpi.ErrRank), err)
	_ = mpi.Finalize()
	// Output:
	// rank 0 of 1 has [1 2]
	// [3 1 4] from rank 0 tag 7 <nil>
	// true MPI: invalid rank: the destination is rank 5; the communicator has ranks 0 to 0
}
