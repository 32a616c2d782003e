package coll

// own puts the caller's block where it belongs in the receive buffer.
func (b *builder) own() {
	if !b.sh.InPlace {
		b.copy(b.recvBlock(b.rank), b.sendBuf(b.sh.SendCount))
	}
}

// allgatherRing: each rank passes on to the next what it has got last. Cost:
// (p-1)(α + mβ); only neighbours talk, and blocks of any size and place go.
func allgatherRing(b *builder) {
	b.own()
	b.ring(b.rank, func(r int) int { return r }, b.recvBlock)
}

// allgatherDoubling: in round k, ranks that differ in bit k exchange all they
// have. Cost: log p α + (p-1) mβ. Powers of two only.
func allgatherDoubling(b *builder) {
	b.own()
	m := b.sh.RecvCount
	have := func(rank, d int) Ref { return b.at(b.recvBuf(0), int64(rank&^(d-1))*m, int64(d)*m) }
	for d := 1; d < b.size; d *= 2 {
		b.recv(b.rank^d, have(b.rank^d, d))
		b.send(b.rank^d, have(b.rank, d))
		b.fence()
	}
}
