package coll

// bcastBinomial: the tree in which a rank's parent is the rank without its lowest
// bit. Cost: ⌈log p⌉ (α + nβ).
func bcastBinomial(b *builder) {
	b.bcastTree(b.recvBuf(b.sh.RecvCount), b.sh.Root)
}

// bcastTree sends buf of root to every rank of the group.
func (b *builder) bcastTree(buf Ref, root int) {
	rel := mod(b.rank-root, b.size)
	low := 1
	for low < b.size && rel&low == 0 {
		low *= 2
	}
	if rel != 0 {
		b.recv(mod(rel-low+root, b.size), buf)
		b.fence()
	}
	// The child with the largest subtree has the longest way before it.
	for d := low / 2; d > 0; d /= 2 {
		if rel+d < b.size {
			b.send(mod(rel+d+root, b.size), buf)
		}
	}
	b.fence()
}
