// Heat relaxes the temperature of a square plate: Jacobi steps on a grid whose
// rows are shared out among the ranks. Each step exchanges rows with the
// neighbours, nonblocking, and computes the inner rows meanwhile.
//
// The plate begins as a sum of eigenmodes sin(p pi x) sin(q pi y), which a step
// multiplies by (cos(p h) + cos(q h)) / 2 exactly, so that the result is
// checked at every rank, at no cost.
//
//	go build -o heat-go ./examples/heat/go && rainrun -n 4 ./heat-go --image plate.png
package main

import (
	"fmt"
	"log"
	"math"
	"time"

	"github.com/spf13/pflag"

	"rainmpi/mpi"
)

// tolerance is what rounding may add up to.
const tolerance = 1e-9

func main() {
	log.SetFlags(0)
	size := pflag.Int("size", 1024, "rows and columns of the grid")
	steps := pflag.Int("steps", 6000, "Jacobi steps")
	image := pflag.String("image", "", "a PNG file to write")
	pflag.Parse()
	if err := mpi.Init(); err != nil {
		log.Fatal(err)
	}
	err := run(*size, *steps, *image)
	if end := mpi.Finalize(); err == nil {
		err = end
	}
	if err != nil {
		log.Fatal(err)
	}
}

func run(size, steps int, image string) error {
	c := mpi.World()
	if size < c.Size() {
		return fmt.Errorf("%d rows are too few for %d ranks: give each at least one by --size", size, c.Size())
	}
	p := newPlate(c, size)
	start := time.Now()
	said := start
	for s := 1; s <= steps; s++ {
		if err := p.step(); err != nil {
			return err
		}
		if c.Rank() == 0 && time.Since(said) > time.Second {
			said = time.Now()
			fmt.Printf("step %d of %d, %.0f steps/s\n", s, steps, float64(s)/said.Sub(start).Seconds())
		}
	}
	off, err := p.worst(steps)
	if err != nil {
		return err
	}
	if c.Rank() == 0 {
		fmt.Printf("%d steps of %d x %d points on %d ranks in %.2f s; off by at most %.1e\n",
			steps, size, size, c.Size(), time.Since(start).Seconds(), off)
	}
	if !(off < tolerance) {
		return fmt.Errorf("the result is off by %g, more than rounding explains", off)
	}
	if image == "" {
		return nil
	}
	return p.writeImage(image)
}

// modes are what the plate begins with: wave numbers and height.
var modes = []struct{ p, q, height float64 }{{1, 2, 0.5}, {3, 1, 0.3}, {5, 4, 0.2}}

// exact is the temperature at a point after a number of steps.
func (p *plate) exact(r, c, step int) float64 {
	h := math.Pi / float64(p.size+1)
	sum := 0.0
	for _, m := range modes {
		shrink := (math.Cos(m.p*h) + math.Cos(m.q*h)) / 2
		sum += m.height * math.Pow(shrink, float64(step)) * math.Sin(m.p*h*float64(r)) * math.Sin(m.q*h*float64(c))
	}
	return sum
}

// worst is the greatest difference from the exact result, over all ranks.
func (p *plate) worst(step int) (float64, error) {
	own, all := []float64{0}, []float64{0}
	for r := 1; r <= p.rows; r++ {
		for i := 0; i < p.size; i += 7 { // other columns in each row
			c := 1 + (i+p.first+r)%p.size
			d := math.Abs(p.now[r*p.width+c] - p.exact(p.first+r-1, c, step))
			if !(d <= own[0]) {
				own[0] = d
			}
		}
	}
	err := mpi.Allreduce(p.comm, own, all, mpi.Max)
	return all[0], err
}
