package coll

// reduceScatterHalving: in each round a rank exchanges half of its pieces with
// the rank half of the remaining distance away. Cost: ⌈log p⌉ α + (p-1)/p n(β + γ),
// one vector more each way if p is no power of two. The halves are of ranks that
// lie apart: the operation has to commute.
func reduceScatterHalving(b *builder) {
	pieces := b.scatterPieces()
	in, _ := b.input(pieces[b.size])
	out := b.recvBuf(pieces[b.rank+1] - pieces[b.rank])
	// In place, the result goes to the front of the receive buffer and nothing else
	// of it may change.
	a := b.newAcc(in, true, nil)
	f := b.newFold(-1)
	pos, aside := f.enter(b, a)
	if aside {
		b.recv(b.rank^1, out)
		return
	}
	// Position i keeps the pieces of the ranks from first(i) to first(i+1)-1.
	first := func(i int) int { return i + min(i, f.rem) }
	part := func(buf Ref, lo, hi int) Ref { return pieces.of(b, buf, first(lo), first(hi)) }

	lo, hi := 0, f.pow2
	for d := f.pow2 / 2; d > 0; d /= 2 {
		peer := f.rank(pos ^ d)
		mid := lo + d
		s := a.slot()
		giveLo, giveHi := mid, hi
		if pos&d != 0 {
			giveLo, giveHi = lo, mid
			lo = mid
		} else {
			hi = mid
		}
		b.recv(peer, part(s, lo, hi))
		b.send(peer, part(a.cur, giveLo, giveHi))
		b.fence()
		keep := part(s, lo, hi)
		a.foldHigherAt(s, pieces[first(lo)], keep.Count)
	}
	if pos < f.rem {
		b.send(b.rank^1, pieces.of(b, a.cur, b.rank^1, (b.rank^1)+1))
	}
	b.copy(out, pieces.of(b, a.cur, b.rank, b.rank+1))
}
