package dtype

import "fmt"

// Order is the storage order of a multidimensional array; the values are those of the ABI.
type Order int

const (
	OrderC       Order = 12 // the last dimension is contiguous
	OrderFortran Order = 15 // the first dimension is contiguous
)

// Distribution says how a dimension of a global array is dealt out to processes; the values are
// those of the ABI.
type Distribution int64

const (
	DistributeNone   Distribution = 16
	DistributeBlock  Distribution = 17
	DistributeCyclic Distribution = 18

	// DefaultArg as a distribution argument lets Darray choose (MPI_DISTRIBUTE_DFLT_DARG).
	DefaultArg int64 = 19
)

// Subarray returns a part of a multidimensional array of old: subsizes[i] of sizes[i] elements
// from starts[i] on in each dimension. The bounds are those of the whole array, so that elements
// of the type step from array to array (MPI_Type_create_subarray, MPI 5.0 §5.1.3).
func Subarray(sizes, subsizes, starts []int64, order Order, old *Type) (*Type, error) {
	if err := checkSubarray(sizes, subsizes, starts, order); err != nil {
		return nil, err
	}
	t := old
	for _, i := range dimensions(len(sizes), order) {
		var err error
		if t, err = dealt(sizes[i], span{start: starts[i], length: subsizes[i], blocks: 1}, t); err != nil {
			return nil, err
		}
	}
	ints := integers(sizes, sizes, subsizes, starts, []int64{int64(order)})
	return t.made(nil, contentsOf(CombinerSubarray, ints, nil, old))
}

func checkSubarray(sizes, subsizes, starts []int64, order Order) error {
	if err := checkDimensions(len(sizes), order); err != nil {
		return err
	}
	if err := sameLength(len(sizes), len(subsizes), len(starts)); err != nil {
		return err
	}
	for i, n := range sizes {
		sub, start := subsizes[i], starts[i]
		if n < 1 || sub < 1 || start < 0 || sub > n || start > n-sub {
			return fmt.Errorf("dimension %d: %d elements from %d on are no part of an array of %d", i, sub, start, n)
		}
	}
	return nil
}

func checkDimensions(n int, order Order) error {
	if n < 1 {
		return fmt.Errorf("an array has at least one dimension, not %d", n)
	}
	if order != OrderC && order != OrderFortran {
		return fmt.Errorf("order %d is neither MPI_ORDER_C nor MPI_ORDER_FORTRAN", order)
	}
	return nil
}

// dimensions returns the dimensions of an array from the contiguous one outward.
func dimensions(n int, order Order) []int {
	d := make([]int, n)
	for i := range d {
		d[i] = i
		if order == OrderC {
			d[i] = n - 1 - i
		}
	}
	return d
}

// span is the share of one dimension: blocks of length elements from start on, step elements
// apart, then tail elements one more step away.
type span struct{ start, length, blocks, step, tail int64 }

// dealt returns the share s of size elements of old, with the bounds of all size elements: "the
// lower bound is 0 and the upper bound size times the extent of old" (MPI 5.0 §5.1.3).
func dealt(size int64, s span, old *Type) (*Type, error) {
	var u union
	ext := old.Extent()
	list := newConcat(2)
	add := func(at, n, times, step int64) {
		if n == 0 || times == 0 {
			return
		}
		u.add(old.meta.repeat(&u.arith, n, ext).repeat(&u.arith, times, step*ext), at*ext)
		list.add(at*ext, loopOf(times, step*ext, loopOf(n, ext, old.shape)))
	}
	u.mul(size, ext) // all products below are smaller
	if u.bad {
		return nil, ErrOverflow
	}
	add(s.start, s.length, s.blocks, s.step)
	add(s.start+s.blocks*s.step, s.tail, 1, 0)
	m, err := u.done(repeatSig(old.sig, s.length*s.blocks+s.tail))
	if err != nil {
		return nil, err
	}
	t := &Type{shape: list.shape(), meta: m}
	t.lb, t.ub, t.marked = 0, size*ext, true
	return t, nil
}

// Darray returns the share of process rank, of size processes, of an array that is dealt out to
// a grid of psizes processes (MPI_Type_create_darray, MPI 5.0 §5.1.4).
func Darray(size, rank int64, gsizes []int64, distribs []Distribution, dargs, psizes []int64, order Order, old *Type) (*Type, error) {
	if err := checkDarray(size, rank, gsizes, distribs, dargs, psizes, order); err != nil {
		return nil, err
	}
	// The grid of processes is in C order whatever the order of the array.
	coords := make([]int64, len(psizes))
	for i, r := len(psizes)-1, rank; i >= 0; i-- {
		coords[i], r = r%psizes[i], r/psizes[i]
	}
	t := old
	for _, i := range dimensions(len(gsizes), order) {
		s, err := share(gsizes[i], distribs[i], dargs[i], coords[i], psizes[i])
		if err != nil {
			return nil, fmt.Errorf("dimension %d: %w", i, err)
		}
		if t, err = dealt(gsizes[i], s, t); err != nil {
			return nil, err
		}
	}
	ints := append([]int64{size, rank}, integers(gsizes, gsizes)...)
	for _, d := range distribs {
		ints = append(ints, int64(d))
	}
	ints = append(append(append(ints, dargs...), psizes...), int64(order))
	return t.made(nil, contentsOf(CombinerDarray, ints, nil, old))
}

func checkDarray(size, rank int64, gsizes []int64, distribs []Distribution, dargs, psizes []int64, order Order) error {
	if err := checkDimensions(len(gsizes), order); err != nil {
		return err
	}
	if err := sameLength(len(gsizes), len(distribs), len(dargs), len(psizes)); err != nil {
		return err
	}
	if size < 1 || rank < 0 || rank >= size {
		return fmt.Errorf("rank %d is not one of %d processes", rank, size)
	}
	grid := int64(1)
	for i, p := range psizes {
		if p < 1 || p > size || gsizes[i] < 1 {
			return fmt.Errorf("dimension %d: %d elements on %d processes", i, gsizes[i], p)
		}
		if grid *= p; grid > size {
			break
		}
	}
	if grid != size {
		return fmt.Errorf("the process grid does not have %d processes", size)
	}
	return nil
}

// share returns what process r of p holds of n elements.
func share(n int64, d Distribution, arg, r, p int64) (span, error) {
	switch d {
	case DistributeNone:
		if p != 1 {
			return span{}, fmt.Errorf("a dimension that is not distributed lies on one process, not %d", p)
		}
		return span{length: n, blocks: 1}, nil
	case DistributeBlock:
		if arg == DefaultArg {
			arg = (n + p - 1) / p
		}
		if arg < 1 || arg < (n+p-1)/p {
			return span{}, fmt.Errorf("blocks of %d elements on %d processes do not hold %d elements", arg, p, n)
		}
		if r > 0 && arg > n/r {
			return span{}, nil
		}
		return span{start: r * arg, length: min(arg, n-r*arg), blocks: 1}, nil
	case DistributeCyclic:
		if arg == DefaultArg {
			arg = 1
		}
		if arg < 1 {
			return span{}, fmt.Errorf("cyclic blocks of %d elements", arg)
		}
		return cyclicShare(n, arg, r, p), nil
	}
	return span{}, fmt.Errorf("distribution %d is not MPI_DISTRIBUTE_NONE, BLOCK or CYCLIC", d)
}

// cyclicShare deals n elements out in blocks of k, the r-th of every p blocks being ours.
func cyclicShare(n, k, r, p int64) span {
	full, tail := n/k, n%k // blocks of k, and what is left behind them
	s := span{start: r * k, length: k, step: p * k}
	if full > r {
		s.blocks = (full-r-1)/p + 1
	}
	if tail > 0 && full%p == r {
		s.tail = tail
	}
	return s
}
