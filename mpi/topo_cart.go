package mpi

import "slices"

// Cartesian topologies (MPI 5.0 section 8.5): processes stand on a grid, in
// row-major order of their coordinates.

// CartCreate makes a communicator on a grid (MPI_Cart_create). Processes beyond
// the grid get nil. Ranks stay as they are, whatever reorder says.
func (c *Comm) CartCreate(dims []int, periods []bool, reorder bool) (*Comm, error) {
	if err := c.checkIntra(); err != nil {
		return nil, err
	}
	n, err := c.grid(dims)
	if err != nil {
		return nil, err
	}
	if len(periods) < len(dims) {
		return nil, errorf(ErrArg, "%d periods for %d dimensions", len(periods), len(dims))
	}
	g, err := c.first(n)
	if g == nil || err != nil {
		return nil, err
	}
	g.setCart(slices.Clone(dims), slices.Clone(periods[:len(dims)]))
	return g, nil
}

// grid is the number of processes of a grid on c.
func (c *Comm) grid(dims []int) (int, error) {
	n := 1
	for i, d := range dims {
		if d <= 0 {
			return 0, errorf(ErrDims, "dimension %d has %d processes; it must have at least one", i, d)
		}
		if n *= d; n > c.Size() {
			return 0, errorf(ErrDims, "the grid %v needs more than the communicator's %d processes", dims, c.Size())
		}
	}
	return n, nil
}

// setCart gives c the topology. The neighbours are, for each dimension, the one
// below and the one above (section 8.6).
func (c *Comm) setCart(dims []int, periods []bool) {
	t := &topology{kind: CartTopology, dims: dims, periods: periods}
	c.topo = t
	for i := range dims {
		below, above := t.shift(c.rank, i, 1)
		t.in = append(t.in, below, above)
	}
	t.out = t.in
}

// coords are the coordinates of a rank.
func (t *topology) coords(rank int) []int {
	at := make([]int, len(t.dims))
	for i := len(t.dims) - 1; i >= 0; i-- {
		at[i] = rank % t.dims[i]
		rank /= t.dims[i]
	}
	return at
}

// rank is the process at coordinates, ProcNull outside of the grid. Periodic
// dimensions wrap.
func (t *topology) rank(at []int) int {
	r := 0
	for i, d := range t.dims {
		x := at[i]
		if t.periods[i] {
			x = (x%d + d) % d
		}
		if x < 0 || x >= d {
			return ProcNull
		}
		r = r*d + x
	}
	return r
}

// shift is whom a rank receives from and sends to when all send by disp along a
// dimension.
func (t *topology) shift(rank, dim, disp int) (source, dest int) {
	at := t.coords(rank)
	x := at[dim]
	at[dim] = x - disp
	source = t.rank(at)
	at[dim] = x + disp
	return source, t.rank(at)
}

// Cart returns the grid and this process's place on it (MPI_Cart_get).
func (c *Comm) Cart() (dims []int, periods []bool, coords []int, err error) {
	t, err := c.with(CartTopology, "Cartesian")
	if err != nil {
		return nil, nil, nil, err
	}
	return t.dims, t.periods, t.coords(c.rank), nil
}

// CartRank is the rank at coordinates, which may lie outside in periodic
// dimensions only (MPI_Cart_rank).
func (c *Comm) CartRank(coords []int) (int, error) {
	t, err := c.with(CartTopology, "Cartesian")
	if err != nil {
		return ProcNull, err
	}
	if len(coords) < len(t.dims) {
		return ProcNull, errorf(ErrArg, "%d coordinates on a grid of %d dimensions", len(coords), len(t.dims))
	}
	r := t.rank(coords)
	if r == ProcNull {
		return r, errorf(ErrArg, "no process has the coordinates %v on the grid %v", coords[:len(t.dims)], t.dims)
	}
	return r, nil
}

// CartCoords are the coordinates of a rank (MPI_Cart_coords).
func (c *Comm) CartCoords(rank int) ([]int, error) {
	t, err := c.with(CartTopology, "Cartesian")
	if err != nil {
		return nil, err
	}
	if rank < 0 || rank >= c.Size() {
		return nil, errorf(ErrRank, "rank %d; the grid has ranks 0 to %d", rank, c.Size()-1)
	}
	return t.coords(rank), nil
}

// CartShift is whom to receive from and to send to so that data moves by disp
// along a dimension; ProcNull at an edge (MPI_Cart_shift).
func (c *Comm) CartShift(dim, disp int) (source, dest int, err error) {
	t, err := c.with(CartTopology, "Cartesian")
	if err != nil {
		return ProcNull, ProcNull, err
	}
	if dim < 0 || dim >= len(t.dims) {
		return ProcNull, ProcNull, errorf(ErrArg, "dimension %d; the grid has %d", dim, len(t.dims))
	}
	source, dest = t.shift(c.rank, dim, disp)
	return source, dest, nil
}

// CartSub cuts the grid into grids of the dimensions that remain and returns the
// one of this process (MPI_Cart_sub).
func (c *Comm) CartSub(remain []bool) (*Comm, error) {
	t, err := c.with(CartTopology, "Cartesian")
	if err != nil {
		return nil, err
	}
	if len(remain) < len(t.dims) {
		return nil, errorf(ErrArg, "%d flags for %d dimensions", len(remain), len(t.dims))
	}
	if !slices.Contains(remain[:len(t.dims)], true) {
		// "If all entries in remain_dims are false … newcomm is associated with a
		// zero-dimensional Cartesian topology" (section 8.5.6), which is one process.
		return c.CartCreate(nil, nil, false)
	}
	at := t.coords(c.rank)
	color, key := 0, 0
	dims, periods := []int{}, []bool{}
	for i, d := range t.dims {
		if remain[i] {
			key = key*d + at[i]
			dims, periods = append(dims, d), append(periods, t.periods[i])
		} else {
			color = color*d + at[i]
		}
	}
	s, err := c.Split(color, key)
	if err != nil {
		return nil, err
	}
	s.setCart(dims, periods)
	return s, nil
}

// CartMap is the rank that CartCreate would give this process.
func (c *Comm) CartMap(dims []int, periods []bool) (int, error) {
	if err := c.checkIntra(); err != nil {
		return Undefined, err
	}
	n, err := c.grid(dims)
	if err != nil {
		return Undefined, err
	}
	return c.mapped(n)
}

// DimsCreate sets the zeros of dims so that the grid has n processes and its
// dimensions are as close to each other as can be, in descending order
// (MPI_Dims_create).
func DimsCreate(n int, dims []int) error {
	if n <= 0 {
		return errorf(ErrArg, "a grid of %d processes", n)
	}
	left, free := n, 0
	for i, d := range dims {
		switch {
		case d < 0:
			return errorf(ErrDims, "dimension %d is %d; it must not be negative", i, d)
		case d == 0:
			free++
		case left%d != 0:
			return errorf(ErrDims, "%d processes cannot be dealt out on a grid with the dimensions %v", n, dims)
		default:
			left /= d
		}
	}
	if free == 0 {
		if left != 1 {
			return errorf(ErrDims, "the grid %v has not %d processes", dims, n)
		}
		return nil
	}
	factors := balanced(left, free)
	for i, d := range dims {
		if d == 0 {
			dims[i], factors = factors[0], factors[1:]
		}
	}
	return nil
}

// balanced writes n as a product of k factors in descending order that are "as
// close to each other as possible" (section 8.5.2): the difference of the first
// and the last is the smallest there is, then the smaller ones are the largest.
func balanced(n, k int) []int {
	s := factoring{chosen: make([]int, 0, k)}
	s.search(n, k, n)
	return s.best
}

type factoring struct{ chosen, best []int }

// search completes what is chosen by k factors of n, none above most.
func (s *factoring) search(n, k, most int) {
	if k == 0 {
		if s.best == nil || s.better() {
			s.best = slices.Clone(s.chosen)
		}
		return
	}
	for _, d := range divisors(n) {
		if d > most {
			return
		}
		// The largest of k factors has to make up for the others.
		if power(d, k, n) < n || k == 1 && d != n {
			continue
		}
		s.chosen = append(s.chosen, d)
		if s.hopeful(n/d, k-1) {
			s.search(n/d, k-1, d)
		}
		s.chosen = s.chosen[:len(s.chosen)-1]
	}
}

func (s *factoring) better() bool {
	last := len(s.chosen) - 1
	if was, is := s.best[0]-s.best[last], s.chosen[0]-s.chosen[last]; was != is {
		return is < was
	}
	for i := last; i > 0; i-- {
		if s.chosen[i] != s.best[i] {
			return s.chosen[i] > s.best[i]
		}
	}
	return false
}

// hopeful reports whether k more factors of n can all be as large as the best
// solution's difference asks for.
func (s *factoring) hopeful(n, k int) bool {
	if s.best == nil {
		return true
	}
	least := s.chosen[0] - (s.best[0] - s.best[len(s.best)-1])
	return least <= 1 || power(least, k, n) <= n
}

// divisors of n, ascending.
func divisors(n int) []int {
	var low, high []int
	for d := 1; d*d <= n; d++ {
		if n%d == 0 {
			low = append(low, d)
			if d != n/d {
				high = append(high, n/d)
			}
		}
	}
	slices.Reverse(high)
	return append(low, high...)
}

// power is d to the k, or something above limit.
func power(d, k, limit int) int {
	p := 1
	for range k {
		if p > limit/d {
			return limit + 1
		}
		p *= d
	}
	return p
}
