package coll

// Algorithms that cut a message anywhere work on packed bytes: the ranks may
// describe the same data by different datatypes (MPI: only the signatures agree).

// packed returns buf as packed bytes: itself if it lies so in memory, else a copy
// in scratch memory, which is filled now if fill is set.
func (b *builder) packed(buf Ref, fill bool) Ref {
	n := b.bytes(buf)
	if b.layout(buf.Type).Contig {
		return Ref{Buf: buf.Buf, Off: buf.Off, Type: Bytes, Count: n}
	}
	p := b.room(Bytes, n)
	if fill {
		b.copy(p, buf)
	}
	return p
}

// unpacked sets buf from what packed returned for it.
func (b *builder) unpacked(buf, p Ref) {
	if b.layout(buf.Type).Contig {
		return
	}
	b.fence()
	b.copy(buf, p)
}

// A cut is a vector in pieces: piece i is the elements from cut[i] to cut[i+1].
type cut []int64

// evenly cuts n elements into p pieces that differ by at most one granule.
func evenly(n int64, p int, granule int64) cut {
	c := make(cut, p+1)
	g := n / granule
	for i := 1; i < p; i++ {
		c[i] = (g/int64(p)*int64(i) + min(int64(i), g%int64(p))) * granule
	}
	c[p] = n
	return c
}

// byCounts cuts a vector into pieces of the given counts.
func byCounts(counts []int64) cut {
	c := make(cut, len(counts)+1)
	for i, n := range counts {
		c[i+1] = c[i] + n
	}
	return c
}

// of returns pieces lo to hi-1 of buf.
func (c cut) of(b *builder, buf Ref, lo, hi int) Ref { return b.at(buf, c[lo], c[hi]-c[lo]) }
