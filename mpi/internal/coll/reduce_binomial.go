package coll

// reduceBinomial: operands are combined up a binomial tree. Cost: ⌈log p⌉ (α + nβ
// + nγ).
//
// If the operation does not commute the tree is rooted at rank 0, where every
// subtree is a run of ranks, and the result goes from there to the root.
func reduceBinomial(b *builder) {
	in, fixed := b.input(b.sh.RecvCount)
	out := b.recvBuf(b.sh.RecvCount)
	b.reduceTree(in, fixed, out, b.sh.Root)
}

// reduceTree combines in of every rank of the group into root's out. Only there
// out is a place.
func (b *builder) reduceTree(in Ref, fixed bool, out Ref, root int) {
	var place *Ref
	if b.rank == root {
		place = &out
	}
	top := root
	if !b.sh.Commutative {
		top = 0
	}
	a := b.newAcc(in, fixed, place)
	rel := mod(b.rank-top, b.size)
	for d := 1; d < b.size; d *= 2 {
		if rel&d != 0 {
			b.send(mod(rel-d+top, b.size), a.cur)
			b.fence()
			break
		}
		if rel+d < b.size {
			s := a.slot()
			b.recv(mod(rel+d+top, b.size), s)
			b.fence()
			a.foldHigher(s)
		}
	}
	if top == root {
		if b.rank == root {
			b.copy(out, a.cur)
		}
		return
	}
	if b.rank == top {
		b.send(root, a.cur)
	} else if b.rank == root {
		b.fence()
		b.recv(top, out)
	}
	b.fence()
}
