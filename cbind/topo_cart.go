package main

import "C"

import "rainmpi/mpi"

// Cartesian topologies (MPI 5.0, 8.5.1, 8.5.2 and 8.5.5 to 8.5.7).

// flags is the caller's array of logicals.
func flags(addr uintptr, n int32) []bool {
	out := make([]bool, max(n, 0))
	for i, v := range slice[int32](addr, int(n)) {
		out[i] = v != 0
	}
	return out
}

// dimensions is counted for the number of dimensions.
func dimensions(ndims int32, arrays ...uintptr) error {
	if ndims < 0 {
		return bad(mpi.ErrDims, "the number of dimensions is negative")
	}
	return counted(ndims, arrays...)
}

//export rain_Cart_create
func rain_Cart_create(f, h uintptr, ndims int32, dims, periods uintptr, reorder int32, newcomm uintptr) int32 {
	if err := dimensions(ndims, dims, periods); err != nil {
		return fail(f, err)
	}
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		return c.c.CartCreate(ints(dims, ndims), flags(periods, ndims), reorder != 0)
	})
}

//export rain_Cart_map
func rain_Cart_map(f, h uintptr, ndims int32, dims, periods, newrank uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(newrank)
	}
	if err == nil {
		err = dimensions(ndims, dims, periods)
	}
	if err != nil {
		return fail(f, err)
	}
	rank, err := c.c.CartMap(ints(dims, ndims), flags(periods, ndims))
	if err != nil {
		return fail(f, err)
	}
	set(newrank, int32(rank))
	return 0
}

//export rain_Cartdim_get
func rain_Cartdim_get(f, h, ndims uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(ndims)
	}
	if err != nil {
		return fail(f, err)
	}
	dims, _, _, err := c.c.Cart()
	if err != nil {
		return fail(f, err)
	}
	set(ndims, int32(len(dims)))
	return 0
}

//export rain_Cart_get
func rain_Cart_get(f, h uintptr, maxdims int32, dims, periods, coords uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	d, p, at, err := c.c.Cart()
	if err == nil {
		err = lengths(maxdims)
	}
	if err != nil {
		return fail(f, err)
	}
	wraps := make([]int, len(p))
	for i := range p {
		wraps[i] = int(truth(p[i]))
	}
	putInts(dims, first(d, maxdims))
	putInts(periods, first(wraps, maxdims))
	putInts(coords, first(at, maxdims))
	return 0
}

//export rain_Cart_rank
func rain_Cart_rank(f, h, coords, rank uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(rank)
	}
	if err != nil {
		return fail(f, err)
	}
	dims, _, _, err := c.c.Cart()
	if err == nil {
		err = counted(int32(len(dims)), coords)
	}
	if err != nil {
		return fail(f, err)
	}
	r, err := c.c.CartRank(ints(coords, int32(len(dims))))
	if err != nil {
		return fail(f, err)
	}
	set(rank, int32(r))
	return 0
}

//export rain_Cart_coords
func rain_Cart_coords(f, h uintptr, rank, maxdims int32, coords uintptr) int32 {
	c, err := commOf(h)
	if err != nil {
		return fail(f, err)
	}
	at, err := c.c.CartCoords(int(rank))
	if err == nil {
		err = lengths(maxdims)
	}
	if err != nil {
		return fail(f, err)
	}
	putInts(coords, first(at, maxdims))
	return 0
}

//export rain_Cart_shift
func rain_Cart_shift(f, h uintptr, direction, disp int32, source, dest uintptr) int32 {
	c, err := commOf(h)
	if err == nil {
		err = need(source, dest)
	}
	if err != nil {
		return fail(f, err)
	}
	s, d, err := c.c.CartShift(int(direction), int(disp))
	if err != nil {
		return fail(f, err)
	}
	set(source, int32(s))
	set(dest, int32(d))
	return 0
}

//export rain_Cart_sub
func rain_Cart_sub(f, h, remain, newcomm uintptr) int32 {
	return derive(f, h, newcomm, func(c *comm) (*mpi.Comm, error) {
		dims, _, _, err := c.c.Cart()
		if err != nil {
			return nil, err
		}
		if err := counted(int32(len(dims)), remain); err != nil {
			return nil, err
		}
		return c.c.CartSub(flags(remain, int32(len(dims))))
	})
}

//export rain_Dims_create
func rain_Dims_create(f uintptr, nnodes, ndims int32, dims uintptr) int32 {
	if err := dimensions(ndims, dims); err != nil {
		return fail(f, err)
	}
	d := ints(dims, ndims)
	if ndims == 0 {
		return 0
	}
	if err := mpi.DimsCreate(int(nnodes), d); err != nil {
		return fail(f, err)
	}
	putInts(dims, d)
	return 0
}
