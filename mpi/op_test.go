package mpi

import (
	"fmt"
	"slices"
	"testing"
	"unsafe"
)

func TestReduceLocal(t *testing.T) {
	in, inout := []float64{1, 2, 3}, []float64{10, 20, 30}
	if err := ReduceLocal(Slice(in), Slice(inout), Sum); err != nil || !slices.Equal(inout, []float64{11, 22, 33}) {
		t.Error(inout, err)
	}
	type point struct{ x, y int16 }
	swap := OpFunc(func(a, b point) point { return point{a.x + b.x, a.y * b.y} }, true)
	p, q := []point{{1, 2}, {3, 4}}, []point{{5, 6}, {7, 8}}
	if err := ReduceLocal(Slice(p), Slice(q), swap); err != nil || q[1] != (point{10, 32}) {
		t.Error(q, err)
	}
	// An array of T is T's too.
	a, b := [][2]point{{{1, 1}, {2, 2}}}, [][2]point{{{3, 3}, {4, 4}}}
	if err := ReduceLocal(Slice(a), Slice(b), swap); err != nil || b[0] != [2]point{{4, 3}, {6, 8}} {
		t.Error(b, err)
	}
	first := NewOp(func(in, inout unsafe.Pointer, n int, d *Datatype) {
		copy(unsafe.Slice((*int32)(inout), n), unsafe.Slice((*int32)(in), n))
	}, false)
	x, y := []int32{1, 2}, []int32{3, 4}
	if err := ReduceLocal(Slice(x), Slice(y), first); err != nil || y[1] != 2 || first.Commutative() {
		t.Error(y, err)
	}
}

func TestOpErrors(t *testing.T) {
	f, s := []float64{1}, []string{"x"}
	freed := OpFunc(func(a, b float64) float64 { return a }, true)
	if err := freed.Free(); err != nil {
		t.Fatal(err)
	}
	gaps, _ := NewVector(2, 1, 2, Float64)
	gaps.Commit()
	foreign := NewOp(nil, true)
	foreign.External = 1
	for name, c := range map[string]struct {
		err  error
		want Class
	}{
		"undefined":      {ReduceLocal(Slice(f), Slice(f), BAnd), ErrOp},
		"replace":        {ReduceLocal(Slice(f), Slice(f), Replace), ErrOp},
		"null":           {ReduceLocal(Slice(f), Slice(f), nil), ErrOp},
		"freed":          {ReduceLocal(Slice(f), Slice(f), freed), ErrOp},
		"freed twice":    {freed.Free(), ErrOp},
		"predefined":     {Sum.Free(), ErrOp},
		"other elements": {ReduceLocal(Slice(f), Slice(f), OpFunc(func(a, b [3]int32) [3]int32 { return a }, true)), ErrOp},
		"gaps":           {ReduceLocal(Buffer{Addr: Slice(f).Addr, Count: 0, Type: gaps}, Slice(f), OpFunc(func(a, b float64) float64 { return a }, true)), ErrOp},
		"no type":        {ReduceLocal(Slice(s), Slice(s), Sum), ErrType},
		"in place":       {ReduceLocal(Buffer{Addr: InPlace.Addr, Count: 1, Type: Float64}, Slice(f), Sum), ErrBuffer},
		"alias":          {ReduceLocal(Slice(f), Slice(f), Sum), ErrBuffer},
		"short":          {ReduceLocal(Slice(f), Slice(slices.Clone(f)[:0]), Sum), ErrCount},
		"foreign":        {ReduceLocal(Slice(f), Slice(slices.Clone(f)), foreign), ErrOp},
	} {
		if ClassOf(c.err) != c.want {
			t.Errorf("%s: %v", name, c.err)
		}
	}
	if Replace.check(Float64, true) != nil || foreign.check(Float64, true) == nil {
		t.Error("accumulates take MPI_REPLACE, but no operation of the program's")
	}
}

func ExampleOpFunc() {
	longest := OpFunc(func(a, b [2]float64) [2]float64 {
		if a[0]*a[0]+a[1]*a[1] > b[0]*b[0]+b[1]*b[1] {
			return a
		}
		return b
	}, true)
	in, inout := [][2]float64{{3, 4}, {0, 1}}, [][2]float64{{1, 1}, {2, 0}}
	if err := ReduceLocal(Slice(in), Slice(inout), longest); err != nil {
		fmt.Println(err)
	}
	fmt.Println(inout)
	// Output: [[3 4] [2 0]]
}
