package coll

// bcastChain: the ranks form a chain; the message goes along it in segments, so
// that all links work at the same time. With s segments the cost is
// (p-2+s)(α + n/s β): nβ for long messages and few ranks.
func bcastChain(b *builder) {
	root := b.sh.Root
	buf := b.recvBuf(b.sh.RecvCount)
	p := b.packed(buf, b.rank == root)
	rel := mod(b.rank-root, b.size)
	b.chain(p, rel, mod(b.rank-1, b.size), mod(b.rank+1, b.size))
	if rel != 0 {
		b.unpacked(buf, p)
	}
}

// chainSegment is the bytes that a rank gets while it passes on the ones before.
const chainSegment = 128 << 10

// chain passes the bytes of p from prev to next; position 0 has them, position
// size-1 passes nothing on.
func (b *builder) chain(p Ref, pos, prev, next int) {
	segments := evenly(p.Count, int(max(1, ceilDiv(p.Count, chainSegment))), 1)
	last := len(segments) - 1
	for k := 0; k <= last; k++ {
		if pos > 0 && k < last {
			b.recv(prev, segments.of(b, p, k, k+1))
		}
		if pos < b.size-1 {
			if pos == 0 && k < last {
				b.send(next, segments.of(b, p, k, k+1))
			} else if pos > 0 && k > 0 {
				b.send(next, segments.of(b, p, k-1, k))
			}
		}
		b.fence()
	}
}
