package coll

// reduceScatterPairwise: everybody sends every rank its piece. Cost: (p-1) α +
// (p-1)/p n(β + γ), with memory for two pieces.
//
// Pieces arrive from rank-1 downwards to 0, then from the last rank down to
// rank+1: two operands that grow downwards, combined in the end, keep the order.
func reduceScatterPairwise(b *builder) {
	pieces := b.scatterPieces()
	in, fixed := b.input(pieces[b.size])
	mine := pieces.of(b, in, b.rank, b.rank+1)
	out := b.recvBuf(mine.Count)

	// In place, the receive buffer holds pieces that are still to be sent.
	var place *Ref
	if fixed {
		place = &out
	}
	low := b.newAcc(mine, true, place)
	var high *acc
	for k := 1; k < b.size; k++ {
		from, to := mod(b.rank-k, b.size), mod(b.rank+k, b.size)
		a := low
		if from > b.rank && !b.sh.Commutative {
			a = high
		}
		var s Ref
		if a == nil {
			s = b.room(RecvType, mine.Count)
		} else {
			s = a.slot()
		}
		b.recv(from, s)
		b.send(to, pieces.of(b, in, to, to+1))
		b.fence()
		if a == nil {
			high = b.newAcc(s, false, nil)
		} else {
			a.foldLower(s)
		}
	}
	if high != nil {
		low.slots = append(low.slots, high.cur)
		low.foldHigher(high.cur)
	}
	b.fence()
	b.copy(out, low.cur)
}

// scatterPieces returns the pieces of a reduce-scatter's vector.
func (b *builder) scatterPieces() cut {
	if b.sh.Coll == ReduceScatter {
		return byCounts(b.v.RecvCounts)
	}
	c := make(cut, b.size+1)
	for i := range c {
		c[i] = int64(i) * b.sh.RecvCount
	}
	return c
}
