package coll

// allreduceDoubling: in round k, ranks that differ in bit k exchange what they
// have and both combine it. Cost: ⌈log p⌉ (α + nβ + nγ), two more messages if p is
// no power of two. The order of ranks is kept, and all ranks compute the same
// expression, so floating point results are the same everywhere.
func allreduceDoubling(b *builder) {
	in, fixed := b.input(b.sh.RecvCount)
	b.allreduceExchange(in, fixed, b.recvBuf(b.sh.RecvCount))
}

// allreduceExchange combines in of every rank of the group into everybody's out.
func (b *builder) allreduceExchange(in Ref, fixed bool, out Ref) {
	a := b.newAcc(in, fixed, &out)
	f := b.newFold(-1)
	pos, aside := f.enter(b, a)
	if !aside {
		for d := 1; d < f.pow2; d *= 2 {
			peer := f.rank(pos ^ d)
			s := a.slot()
			b.recv(peer, s)
			b.send(peer, a.cur)
			b.fence()
			if pos&d != 0 {
				a.foldLower(s)
			} else {
				a.foldHigher(s)
			}
		}
		b.copy(out, a.cur)
	}
	f.leave(b, out)
}
