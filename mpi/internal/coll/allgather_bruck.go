package coll

// allgatherBruck: in round k a rank sends all it has to the rank 2^k below it and
// gets as much from the one 2^k above. Blocks are kept packed, our own first.
// Cost: ⌈log p⌉ α + (p-1) mβ and a copy of pm bytes, for any p.
// (Bruck, Ho, Kipnis, Upfal and Weathersby, IEEE TPDS 8(11), 1997.)
func allgatherBruck(b *builder) {
	p := b.size
	// Block i from ours on begins at byte at[i].
	at := make(cut, p+1)
	for i := range p {
		at[i+1] = at[i] + b.bytes(b.recvBlock(mod(b.rank+i, p)))
	}
	tmp := b.room(Bytes, at[p])
	if b.sh.InPlace {
		b.copy(at.of(b, tmp, 0, 1), b.recvBlock(b.rank))
	} else {
		b.copy(at.of(b, tmp, 0, 1), b.sendBuf(b.sh.SendCount))
	}
	for d := 1; d < p; d *= 2 {
		n := min(d, p-d)
		b.recv(mod(b.rank+d, p), at.of(b, tmp, d, d+n))
		b.send(mod(b.rank-d, p), at.of(b, tmp, 0, n))
		b.fence()
	}
	if b.sh.Coll == Allgatherv {
		for i := range p {
			if i > 0 || !b.sh.InPlace {
				b.copy(b.recvBlock(mod(b.rank+i, p)), at.of(b, tmp, i, i+1))
			}
		}
		return
	}
	// Equal blocks: two runs.
	m, k := b.sh.RecvCount, p-b.rank
	b.copy(b.at(b.recvBuf(0), int64(b.rank)*m, int64(k)*m), at.of(b, tmp, 0, k))
	b.copy(b.at(b.recvBuf(0), 0, int64(b.rank)*m), at.of(b, tmp, k, p))
}
