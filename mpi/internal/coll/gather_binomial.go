package coll

// gatherBinomial: blocks move up a binomial tree, packed. Cost: ⌈log p⌉ α +
// (p-1)/p · pmβ.
func gatherBinomial(b *builder) {
	b.gatherTree(b.sh.Root)
}

func (b *builder) gatherTree(root int) {
	rel := mod(b.rank-root, b.size)
	if rel == 0 {
		b.gatherAtRoot(root)
		return
	}
	low := rel & -rel
	parent := mod(rel-low+root, b.size)
	mine := b.sendBuf(b.sh.SendCount)
	blocks := min(low, b.size-rel) // of our subtree
	if blocks == 1 {
		b.send(parent, mine)
		return
	}
	m := b.bytes(mine)
	tree := b.room(Bytes, m*int64(blocks))
	for d := 1; d < low && rel+d < b.size; d *= 2 {
		b.recv(mod(rel+d+root, b.size), b.at(tree, m*int64(d), m*int64(min(d, b.size-rel-d))))
	}
	b.copy(b.at(tree, 0, m), mine)
	b.fence()
	b.send(parent, tree)
}

// gatherAtRoot receives the subtrees' blocks. They lie in the order of ranks from
// the root on: only where that passes the last rank they need a place of their own.
func (b *builder) gatherAtRoot(root int) {
	block := func(rank, n int) Ref {
		return b.at(b.recvBuf(0), int64(rank)*b.sh.RecvCount, int64(n)*b.sh.RecvCount)
	}
	m := b.bytes(block(0, 1))
	type wrap struct {
		from Ref
		n    int // blocks before the last rank
		all  int
		rank int
	}
	var wrapped []wrap
	for d := 1; d < b.size; d *= 2 {
		child, n := mod(d+root, b.size), min(d, b.size-d)
		if child+n <= b.size {
			b.recv(child, block(child, n))
			continue
		}
		w := wrap{from: b.room(Bytes, m*int64(n)), n: b.size - child, all: n, rank: child}
		b.recv(child, w.from)
		wrapped = append(wrapped, w)
	}
	if !b.sh.InPlace {
		b.copy(block(root, 1), b.sendBuf(b.sh.SendCount))
	}
	b.fence()
	for _, w := range wrapped {
		b.copy(block(w.rank, w.n), b.at(w.from, 0, m*int64(w.n)))
		b.copy(block(0, w.all-w.n), b.at(w.from, m*int64(w.n), m*int64(w.all-w.n)))
	}
}
