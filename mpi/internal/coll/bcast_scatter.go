package coll

// bcastScatterAllgather: the root scatters the message in p pieces along a
// binomial tree, then the pieces go round a ring. Cost: (log p + p-1) α +
// 2 (p-1)/p nβ. (Van de Geijn's algorithm.)
func bcastScatterAllgather(b *builder) {
	root := b.sh.Root
	buf := b.recvBuf(b.sh.RecvCount)
	p := b.packed(buf, b.rank == root)
	pieces := evenly(p.Count, b.size, bcastGranule)

	b.scatterTree(p, pieces, root)
	rel := mod(b.rank-root, b.size)
	b.ring(rel, func(r int) int { return mod(r+root, b.size) }, func(i int) Ref { return pieces.of(b, p, i, i+1) })
	if b.rank != root {
		b.unpacked(buf, p)
	}
}

// bcastGranule keeps the pieces of a message at whole cache lines.
const bcastGranule = 64

// scatterTree sends piece i of buf from root to the i-th rank from it.
func (b *builder) scatterTree(buf Ref, pieces cut, root int) {
	rel := mod(b.rank-root, b.size)
	low := 1
	for low < b.size && rel&low == 0 {
		low *= 2
	}
	if rel != 0 {
		b.recv(mod(rel-low+root, b.size), pieces.of(b, buf, rel, min(rel+low, b.size)))
		b.fence()
	}
	for d := low / 2; d > 0; d /= 2 {
		if child := rel + d; child < b.size {
			b.send(mod(child+root, b.size), pieces.of(b, buf, child, min(child+d, b.size)))
		}
	}
	b.fence()
}

// ring gathers everybody's piece at everybody: in each round a rank passes on to
// the next what it has got last. A rank's position in the ring is pos, and piece
// pos is its own.
func (b *builder) ring(pos int, rankAt func(pos int) int, piece func(i int) Ref) {
	next, prev := rankAt(mod(pos+1, b.size)), rankAt(mod(pos-1, b.size))
	for k := 0; k < b.size-1; k++ {
		b.recv(prev, piece(mod(pos-k-1, b.size)))
		b.send(next, piece(mod(pos-k, b.size)))
		b.fence()
	}
}
