// Montecarlo estimates the volume of a ball in several dimensions from random
// points, each rank with random numbers of its own, until the standard error of
// all ranks together is small enough: they agree on it after every batch.
//
//	go build ./examples/montecarlo && rainrun -n 4 ./montecarlo
package main

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"rainmpi/mpi"
)

const (
	dimensions = 5
	batch      = 100_000 // points per rank between two reductions
	wanted     = 5e-3    // standard error of the volume
	sigmas     = 5       // an estimate further off than this is taken for an error of the program
)

func main() {
	log.SetFlags(0)
	if err := mpi.Init(); err != nil {
		log.Fatal(err)
	}
	err := estimate()
	if end := mpi.Finalize(); err == nil {
		err = end
	}
	if err != nil {
		log.Fatal(err)
	}
}

// estimate counts points of the cube [-1,1]^d that lie in the unit ball.
func estimate() error {
	c := mpi.World()
	random := rand.New(rand.NewPCG(2026, uint64(c.Rank())))
	cube := math.Pow(2, dimensions)
	own := make([]int64, 2) // hits, points
	all := make([]int64, 2)
	for {
		own[0] += hits(random, batch)
		own[1] += batch
		if err := mpi.Allreduce(c, own, all, mpi.Sum); err != nil {
			return err
		}
		p := float64(all[0]) / float64(all[1])
		volume := cube * p
		deviation := cube * math.Sqrt(p*(1-p)/float64(all[1]))
		if deviation > wanted {
			continue
		}
		if c.Rank() == 0 {
			fmt.Printf("the ball in %d dimensions has volume %.4f +- %.4f, by %d points on %d ranks\n",
				dimensions, volume, deviation, all[1], c.Size())
		}
		if exact := ball(dimensions); math.Abs(volume-exact) > sigmas*deviation {
			return fmt.Errorf("the volume is %.4f, not %.4f", exact, volume)
		}
		return nil
	}
}

func hits(random *rand.Rand, n int) (in int64) {
	for range n {
		r := 0.0
		for range dimensions {
			x := 2*random.Float64() - 1
			r += x * x
		}
		if r <= 1 {
			in++
		}
	}
	return in
}

// ball is the volume of the unit ball: pi^(d/2) / Gamma(d/2 + 1).
func ball(d float64) float64 { return math.Pow(math.Pi, d/2) / math.Gamma(d/2+1) }
