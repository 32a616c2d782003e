package coll

// alltoallBruck: a block travels from s to t by the powers of two in t-s, together
// with all others that take the same hop. Cost: ⌈log p⌉ α + p/2 ⌈log p⌉ mβ: for
// short blocks. Blocks stay where they were received until they are sent on.
// (Bruck et al., IEEE TPDS 8(11), 1997.)
func alltoallBruck(b *builder) {
	p := b.size
	from := b.sendBlock
	if b.sh.InPlace {
		from = b.packedBlocks()
	}
	// at[i] is where the block is that has i to go, or had when it arrived.
	at := make([]Ref, p)
	for i := range at {
		at[i] = from(mod(b.rank+i, p))
	}
	m := b.bytes(b.recvBlock(0))
	out := b.room(Bytes, m*int64((p+1)/2))
	for d := 1; d < p; d *= 2 {
		in := b.room(Bytes, m*int64((p+1)/2))
		var n int64
		for i := d; i < p; i++ {
			if i&d != 0 {
				b.copy(b.at(out, n*m, m), at[i])
				at[i] = b.at(in, n*m, m)
				n++
			}
		}
		b.recv(mod(b.rank-d, p), b.at(in, 0, n*m))
		b.send(mod(b.rank+d, p), b.at(out, 0, n*m))
		b.fence()
	}
	for i := range at {
		b.copy(b.recvBlock(mod(b.rank-i, p)), at[i])
	}
}
