package coll

// scatterBinomial: blocks move down a binomial tree, packed; a rank passes on its
// children's. Cost: ⌈log p⌉ α + (p-1)/p · pmβ.
func scatterBinomial(b *builder) {
	root := b.sh.Root
	rel := mod(b.rank-root, b.size)
	if rel == 0 {
		b.scatterAtRoot(root)
		return
	}
	low := rel & -rel
	parent := mod(rel-low+root, b.size)
	mine := b.recvBuf(b.sh.RecvCount)
	blocks := min(low, b.size-rel)
	if blocks == 1 {
		b.recv(parent, mine)
		return
	}
	m := b.bytes(mine)
	tree := b.room(Bytes, m*int64(blocks))
	b.recv(parent, tree)
	b.fence()
	for d := low / 2; d > 0; d /= 2 {
		if rel+d < b.size {
			b.send(mod(rel+d+root, b.size), b.at(tree, m*int64(d), m*int64(min(d, b.size-rel-d))))
		}
	}
	b.copy(mine, b.at(tree, 0, m))
}

// scatterAtRoot sends each subtree its blocks; those that pass the last rank are
// brought together first.
func (b *builder) scatterAtRoot(root int) {
	block := func(rank, n int) Ref {
		return b.at(b.sendBuf(0), int64(rank)*b.sh.SendCount, int64(n)*b.sh.SendCount)
	}
	m := b.bytes(block(0, 1))
	for d := floorPow2(max(1, b.size-1)); d > 0 && d < b.size; d /= 2 {
		child, n := mod(d+root, b.size), min(d, b.size-d)
		if child+n <= b.size {
			b.send(child, block(child, n))
			continue
		}
		before := b.size - child
		tree := b.room(Bytes, m*int64(n))
		b.copy(b.at(tree, 0, m*int64(before)), block(child, before))
		b.copy(b.at(tree, m*int64(before), m*int64(n-before)), block(0, n-before))
		b.send(child, tree)
	}
	if !b.sh.InPlace {
		b.copy(b.recvBuf(b.sh.RecvCount), block(root, 1))
	}
}
