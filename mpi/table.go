package mpi

// A table gives requests numbers that a peer may name in a packet. A number
// holds an index and a generation, is never used twice, and a late packet that
// names a finished request finds nothing.
type table struct {
	rows []row
	free []uint32
}

type row struct {
	r          *Request
	generation uint32
}

func (t *table) add(r *Request) uint64 {
	var i uint32
	if n := len(t.free); n > 0 {
		i = t.free[n-1]
		t.free = t.free[:n-1]
	} else {
		i = uint32(len(t.rows))
		t.rows = append(t.rows, row{})
	}
	t.rows[i].r = r
	t.rows[i].generation++
	return uint64(t.rows[i].generation)<<32 | uint64(i)
}

// at returns the request of that number, nil if it is finished.
func (t *table) at(id uint64) *Request {
	i := uint32(id)
	if int(i) >= len(t.rows) || t.rows[i].generation != uint32(id>>32) {
		return nil
	}
	return t.rows[i].r
}

func (t *table) remove(id uint64) {
	if t.at(id) == nil {
		return
	}
	i := uint32(id)
	t.rows[i].r = nil
	t.free = append(t.free, i)
}
