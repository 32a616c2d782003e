package coll

// allreduceRing: each piece of the vector goes once round the ring to be
// combined and once more to be known. Cost: 2(p-1) α + 2 (p-1)/p nβ + (p-1)/p nγ:
// the least traffic, between neighbours only. The pieces start at different
// ranks: the operation has to commute.
func allreduceRing(b *builder) {
	out := b.recvBuf(b.sh.RecvCount)
	pieces := evenly(out.Count, b.size, 1)
	b.reduceRing(out, pieces)
	b.ring(mod(b.rank+1, b.size), func(pos int) int { return mod(pos-1, b.size) },
		func(i int) Ref { return pieces.of(b, out, i, i+1) })
}

// reduceRing leaves the combined piece rank+1 in out. What comes in meets our own
// contribution in out: without MPI_IN_PLACE that needs no other memory.
func (b *builder) reduceRing(out Ref, pieces cut) {
	next, prev := mod(b.rank+1, b.size), mod(b.rank-1, b.size)
	in, fixed := b.input(out.Count)
	if b.size == 1 {
		b.copy(out, in)
		return
	}
	var tmp Ref
	if !fixed {
		tmp = b.room(RecvType, pieces[1]) // no piece is longer than the first
	}
	send := pieces.of(b, in, b.rank, b.rank+1)
	for k := 0; k < b.size-1; k++ {
		i := mod(b.rank-k-1, b.size)
		mine, sum := pieces.of(b, in, i, i+1), pieces.of(b, out, i, i+1)
		got := sum
		if !fixed {
			got = b.at(tmp, 0, sum.Count)
		}
		b.recv(prev, got)
		b.send(next, send)
		b.fence()
		if fixed {
			b.reduce(mine, sum)
		} else {
			b.reduce(got, sum)
		}
		send = sum
	}
}
