// Command gorank is together.c in Go.
package main

import (
	"fmt"
	"os"

	"rainmpi/mpi"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gorank:", err)
		os.Exit(1)
	}
}

func run() error {
	if err := mpi.Init(); err != nil {
		return err
	}
	world := mpi.World()
	rank, size := world.Rank(), world.Size()
	dup, err := world.Dup()
	if err != nil {
		return err
	}
	for i := range 300 {
		c := world
		if i%3 == 0 {
			c = dup
		}
		if err := step(c, rank, size, i); err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
	}
	if err := dup.Free(); err != nil {
		return err
	}
	return mpi.Finalize()
}

func step(c *mpi.Comm, rank, size, i int) error {
	sum := []float64{-1}
	if err := mpi.Allreduce(c, []float64{float64(rank + i)}, sum, mpi.Sum); err != nil {
		return err
	}
	b := []int64{int64(i), int64(2 * i)}
	if rank != i%size {
		b = []int64{-1, -1}
	}
	if err := c.Bcast(mpi.Slice(b), i%size); err != nil {
		return err
	}
	out, in, message := make([]int64, size), make([]int64, size), []int64{-1}
	for r := range out {
		out[r] = int64(rank*1000 + r + i)
	}
	one := func(s []int64) mpi.Buffer {
		all := mpi.Slice(s)
		all.Count = 1
		return all
	}
	if err := c.Alltoall(one(out), one(in)); err != nil {
		return err
	}
	left := (rank + size - 1) % size
	if _, err := c.Sendrecv(one(out), (rank+1)%size, i, mpi.Slice(message), left, i); err != nil {
		return err
	}
	ok := sum[0] == float64(size*(size-1)/2+size*i) && b[0] == int64(i) && b[1] == int64(2*i) && message[0] == int64(left*1000+i)
	for r := range in {
		ok = ok && in[r] == int64(r*1000+rank+i)
	}
	if !ok {
		return fmt.Errorf("rank %d: %v %v %v %v", rank, sum, b, in, message)
	}
	return c.Barrier()
}
