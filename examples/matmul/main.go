// Matmul multiplies two matrices: rank 0 scatters the rows of A and broadcasts
// B, every rank multiplies its rows with gonum, rank 0 gathers C and checks it.
//
//	go build ./examples/matmul && rainrun -n 4 ./matmul --size 512
package main

import (
	"fmt"
	"log"
	"math"
	"math/rand/v2"

	"github.com/spf13/pflag"
	"gonum.org/v1/gonum/mat"

	"rainmpi/mpi"
)

func main() {
	log.SetFlags(0)
	size := pflag.Int("size", 512, "rows and columns of the matrices; rounded up to a multiple of the ranks")
	pflag.Parse()
	if err := mpi.Init(); err != nil {
		log.Fatal(err)
	}
	err := multiply(*size)
	if end := mpi.Finalize(); err == nil {
		err = end
	}
	if err != nil {
		log.Fatal(err)
	}
}

func multiply(n int) error {
	c := mpi.World()
	rows := (n + c.Size() - 1) / c.Size()
	n = rows * c.Size()
	b := make([]float64, n*n)
	var a, product []float64
	if c.Rank() == 0 {
		a, product = make([]float64, n*n), make([]float64, n*n)
		random := rand.New(rand.NewPCG(2, 6))
		for i := range a {
			a[i], b[i] = random.Float64(), random.Float64()
		}
	}
	ownA, ownC := make([]float64, rows*n), make([]float64, rows*n)
	if err := mpi.Scatter(c, a, ownA, 0); err != nil {
		return err
	}
	if err := mpi.Bcast(c, b, 0); err != nil {
		return err
	}
	mat.NewDense(rows, n, ownC).Mul(mat.NewDense(rows, n, ownA), mat.NewDense(n, n, b))
	if err := mpi.Gather(c, ownC, product, 0); err != nil {
		return err
	}
	if c.Rank() != 0 {
		return nil
	}
	fmt.Printf("%d x %d matrices, %d rows on each of %d ranks\n", n, n, rows, c.Size())
	return check(n, a, b, product)
}

// check compares C*x with A*(B*x) for a random x (Freivalds): n^2 work for an
// n^3 result.
func check(n int, a, b, product []float64) error {
	random := rand.New(rand.NewPCG(19, 77))
	x := mat.NewVecDense(n, nil)
	for i := range n {
		x.SetVec(i, random.Float64()-0.5)
	}
	var bx, abx, cx mat.VecDense
	bx.MulVec(mat.NewDense(n, n, b), x)
	abx.MulVec(mat.NewDense(n, n, a), &bx)
	cx.MulVec(mat.NewDense(n, n, product), x)
	for i := range n {
		if d := math.Abs(cx.AtVec(i) - abx.AtVec(i)); !(d < 1e-9*float64(n)) {
			return fmt.Errorf("row %d of the product is wrong by %g", i, d)
		}
	}
	return nil
}
