package coll

// allreduceScatterAllgather: a reduce-scatter by halving, then an allgather that
// goes the same way back. Cost: 2 log p α + 2 (p-1)/p nβ + (p-1)/p nγ.
// (Rabenseifner's algorithm.) The order of ranks is kept.
func allreduceScatterAllgather(b *builder) {
	in, fixed := b.input(b.sh.RecvCount)
	out := b.recvBuf(b.sh.RecvCount)
	a := b.newAcc(in, fixed, &out)
	f := b.newFold(-1)
	pos, aside := f.enter(b, a)
	if !aside {
		h := b.halve(f, pos, a)
		b.copy(h.part(b, out, h.rounds()), h.part(b, a.cur, h.rounds()))
		for k := h.rounds() - 1; k >= 0; k-- {
			peer := f.rank(pos ^ 1<<k)
			b.recv(peer, h.other(b, out, k))
			b.send(peer, h.part(b, out, k+1))
			b.fence()
		}
	}
	f.leave(b, out)
}
