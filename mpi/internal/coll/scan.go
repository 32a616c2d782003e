package coll

// scanDoubling: in round k, ranks that differ in bit k exchange the combination
// of their run of 2^k ranks; what comes from below belongs to the result too.
// Cost: ⌈log p⌉ (α + nβ + 2nγ). The order of ranks is kept.
//
// A rank whose partner lacks has an incomplete run, but only ranks above it could
// want that, and they lack as well.
func scanDoubling(b *builder) {
	n := b.sh.RecvCount
	in, fixed := b.input(n)
	out := b.recvBuf(n)
	inclusive := b.sh.Coll == Scan

	// In place, the receive buffer becomes the result and the run is kept apart.
	if !fixed {
		run := b.room(RecvType, n)
		b.copy(run, in)
		in = run
	} else if inclusive {
		b.copy(out, in)
	}
	run := b.newAcc(in, fixed, nil)
	have := inclusive // the result holds something
	for d := 1; d < b.size; d *= 2 {
		peer := b.rank ^ d
		if peer >= b.size {
			continue
		}
		s := run.slot()
		b.recv(peer, s)
		b.send(peer, run.cur)
		b.fence()
		if peer > b.rank {
			run.foldHigher(s)
			continue
		}
		if have {
			b.reduce(s, out)
		} else {
			b.copy(out, s)
			have = true
		}
		if b.meetsAfter(d) {
			run.foldLower(s)
		}
	}
}

// meetsAfter reports whether a round after that of distance d has a partner.
func (b *builder) meetsAfter(d int) bool {
	for d *= 2; d < b.size; d *= 2 {
		if b.rank^d < b.size {
			return true
		}
	}
	return false
}
