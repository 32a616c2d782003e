// Ring hands a slice round all ranks, a number of times; each rank adds its
// number to every element.
//
//	go build -o ring-go ./examples/ring/go && rainrun -n 4 ./ring-go [ROUNDS]
package main

import (
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"rainmpi/mpi"
)

const length = 1000 // numbers in the slice

func main() {
	log.SetFlags(0)
	if err := mpi.Init(); err != nil {
		log.Fatal(err)
	}
	err := ring(rounds())
	if end := mpi.Finalize(); err == nil {
		err = end
	}
	if err != nil {
		log.Fatal(err)
	}
}

func rounds() int {
	if len(os.Args) > 1 {
		if n, err := strconv.Atoi(os.Args[1]); err == nil {
			return n
		}
	}
	return 1000
}

func ring(rounds int) error {
	c := mpi.World()
	rank, size := c.Rank(), c.Size()
	next, before := (rank+1)%size, (rank+size-1)%size
	out, in := make([]int64, length), make([]int64, length)
	start := time.Now()
	for round := range rounds {
		receive, err := mpi.Irecv(c, in, before, round)
		if err != nil {
			return err
		}
		if rank > 0 {
			if _, err := receive.Wait(); err != nil {
				return err
			}
			for i := range out {
				out[i] = in[i] + int64(rank)
			}
		} else {
			for i := range out {
				out[i] = int64(round + i)
			}
		}
		if err := mpi.Send(c, out, next, round); err != nil {
			return err
		}
		if rank > 0 {
			continue
		}
		if _, err := receive.Wait(); err != nil {
			return err
		}
		for i, got := range in {
			if want := int64(round+i) + int64(size*(size-1)/2); got != want {
				return fmt.Errorf("round %d: number %d is %d, not %d", round, i, got, want)
			}
		}
	}
	if rank == 0 {
		hop := time.Since(start).Seconds() * 1e6 / float64(max(rounds, 1)*size)
		fmt.Printf("%d rounds of %d ranks, %.1f microseconds a hop\n", rounds, size, hop)
	}
	return nil
}
