package coll

// reduceScatterGather: a reduce-scatter by halving, then the pieces are gathered
// at the root. Cost: 2 log p α + 2 (p-1)/p nβ + (p-1)/p nγ: for long vectors.
// (Rabenseifner's algorithm.) The order of ranks is kept.
func reduceScatterGather(b *builder) {
	root := b.sh.Root
	in, fixed := b.input(b.sh.RecvCount)
	out := b.recvBuf(b.sh.RecvCount)
	var place *Ref
	if b.rank == root {
		place = &out
	}
	a := b.newAcc(in, fixed, place)
	f := b.newFold(root)
	pos, aside := f.enter(b, a)
	if aside {
		return
	}
	h := b.halve(f, pos, a)

	// The pieces come together in the reverse order of their parting. The root has
	// a place for all; the others go on in the operand's own, whose elements outside
	// of the kept range are no longer wanted.
	all := a.cur
	if b.rank == root {
		b.copy(h.part(b, out, h.rounds()), h.part(b, a.cur, h.rounds()))
		all = out
	} else if a.fixed {
		panic("coll: a halving of more than one rank left its operand in the send buffer")
	}
	rootPos, _ := f.position(root)
	for k := h.rounds() - 1; k >= 0; k-- {
		d := 1 << k
		if (pos^rootPos)&d != 0 {
			b.send(f.rank(pos^d), h.part(b, all, k+1))
			b.fence()
			return
		}
		b.recv(f.rank(pos^d), h.other(b, all, k))
		b.fence()
	}
}
