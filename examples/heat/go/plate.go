package main

import (
	"image"
	"image/png"
	"os"
	"unsafe"

	"rainmpi/mpi"
)

// A plate is this rank's share of the grid. A row has a point more at each end,
// which are the edge of the plate; there is a row more above and below, which
// are the neighbours' rows, or the edge. The edge stays at 0.
type plate struct {
	comm         *mpi.Comm
	size         int // points in a row and in a column of the whole plate
	first, rows  int // own rows: first to first+rows-1, of 1 to size
	width        int
	now, next    []float64
	above, below int // ranks, or mpi.ProcNull
}

func newPlate(c *mpi.Comm, size int) *plate {
	rank, ranks := c.Rank(), c.Size()
	p := &plate{comm: c, size: size, width: size + 2, above: rank - 1, below: rank + 1}
	if rank == 0 {
		p.above = mpi.ProcNull
	}
	if rank == ranks-1 {
		p.below = mpi.ProcNull
	}
	p.first = 1 + size*rank/ranks
	p.rows = 1 + size*(rank+1)/ranks - p.first
	p.now = make([]float64, (p.rows+2)*p.width)
	p.next = make([]float64, (p.rows+2)*p.width)
	for r := 1; r <= p.rows; r++ {
		for c := 1; c <= size; c++ {
			p.now[r*p.width+c] = p.exact(p.first+r-1, c, 0)
		}
	}
	return p
}

func (p *plate) row(r int) []float64 { return p.now[r*p.width:][:p.width] }

func (p *plate) step() error {
	var requests []*mpi.Request
	var failed error
	post := func(r *mpi.Request, err error) {
		if err != nil && failed == nil {
			failed = err
		}
		requests = append(requests, r)
	}
	post(mpi.Irecv(p.comm, p.row(0), p.above, 0))
	post(mpi.Irecv(p.comm, p.row(p.rows+1), p.below, 1))
	post(mpi.Isend(p.comm, p.row(1), p.above, 1))
	post(mpi.Isend(p.comm, p.row(p.rows), p.below, 0))
	if failed != nil {
		return failed
	}
	p.compute(2, p.rows-1)
	if _, err := mpi.Waitall(requests); err != nil {
		return err
	}
	p.compute(1, 1)
	if p.rows > 1 {
		p.compute(p.rows, p.rows)
	}
	p.now, p.next = p.next, p.now
	return nil
}

// compute makes rows from to to, both included, of the next grid.
func (p *plate) compute(from, to int) {
	w := p.width
	for r := from; r <= to; r++ {
		up, in, down := p.now[(r-1)*w:][:w], p.now[r*w:][:w], p.now[(r+1)*w:][:w]
		out := p.next[r*w:][:w]
		for c := 1; c < w-1; c++ {
			out[c] = 0.25 * (up[c] + down[c] + in[c-1] + in[c+1])
		}
	}
}

// writeImage gathers the plate as grey points at rank 0, which writes a PNG file.
func (p *plate) writeImage(name string) error {
	own := make([]uint8, p.rows*p.size)
	for r := range p.rows {
		for c := range p.size {
			own[r*p.size+c] = uint8(127.5 + 127*p.row(r + 1)[c+1])
		}
	}
	ranks := p.comm.Size()
	v := mpi.BufferV{Counts: make([]int64, ranks), Displs: make([]int64, ranks), Type: mpi.DatatypeOf[uint8]()}
	for i := range ranks {
		from, to := p.size*i/ranks, p.size*(i+1)/ranks
		v.Counts[i], v.Displs[i] = int64((to-from)*p.size), int64(from*p.size)
	}
	grey := image.NewGray(image.Rect(0, 0, p.size, p.size))
	v.Addr = unsafe.Pointer(unsafe.SliceData(grey.Pix))
	if err := p.comm.Gatherv(mpi.Slice(own), v, 0); err != nil || p.comm.Rank() != 0 {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := png.Encode(f, grey); err != nil {
		return err
	}
	return f.Close()
}
