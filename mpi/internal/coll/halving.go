package coll

// A fold is the first step of the algorithms that want a power of two: of each of
// the first pairs of ranks, one gives its operand to the other and stands aside.
// Pairs are neighbours, so that what is left is still in rank order.
type fold struct {
	pow2 int
	rem  int // pairs
	keep int // the rank that must not stand aside, or -1
}

func (b *builder) newFold(keep int) fold {
	pow2 := floorPow2(b.size)
	return fold{pow2: pow2, rem: b.size - pow2, keep: keep}
}

// rank returns the rank that stands for position i.
func (f fold) rank(i int) int {
	switch {
	case i >= f.rem:
		return i + f.rem
	case f.keep == 2*i:
		return 2 * i
	default:
		return 2*i + 1
	}
}

// position returns the position of a rank; of one that stands aside, that of its
// partner, and true.
func (f fold) position(rank int) (i int, aside bool) {
	if rank >= 2*f.rem {
		return rank - f.rem, false
	}
	return rank / 2, f.rank(rank/2) != rank
}

// enter gives the operands of the ranks that stand aside to their partners.
func (f fold) enter(b *builder, a *acc) (pos int, aside bool) {
	pos, aside = f.position(b.rank)
	if b.rank >= 2*f.rem {
		return pos, false
	}
	partner := b.rank ^ 1
	if aside {
		b.send(partner, a.cur)
		b.fence()
		return pos, true
	}
	s := a.slot()
	b.recv(partner, s)
	b.fence()
	if partner < b.rank {
		a.foldLower(s)
	} else {
		a.foldHigher(s)
	}
	return pos, false
}

// leave gives the result to the ranks that stand aside.
func (f fold) leave(b *builder, out Ref) {
	if b.rank >= 2*f.rem {
		return
	}
	if _, aside := f.position(b.rank); aside {
		b.recv(b.rank^1, out)
	} else {
		b.send(b.rank^1, out)
	}
	b.fence()
}

// A halving is a reduce-scatter among the positions of a fold: in round k,
// positions that differ in bit k exchange halves of what they have and combine
// the half they keep. Distances double, so each holds a run of positions and the
// order of ranks is kept. Cost: log p α + (p-1)/p n(β + γ).
//
// ranges[k] is what the position held before round k; the last, what it keeps in
// the end. Elements count.
type halving struct {
	fold
	pos    int
	ranges [][2]int64
}

// halve runs the reduce-scatter on a, which is then valid in the kept range.
func (b *builder) halve(f fold, pos int, a *acc) halving {
	h := halving{fold: f, pos: pos}
	lo, hi := int64(0), a.cur.Count
	h.ranges = append(h.ranges, [2]int64{lo, hi})
	for d := 1; d < f.pow2; d *= 2 {
		mid := lo + (hi-lo)/2
		keep, give := [2]int64{lo, mid}, [2]int64{mid, hi}
		if pos&d != 0 {
			keep, give = give, keep
		}
		peer := f.rank(pos ^ d)
		s := a.slot()
		b.recv(peer, b.at(s, keep[0], keep[1]-keep[0]))
		b.send(peer, b.at(a.cur, give[0], give[1]-give[0]))
		b.fence()
		lo, hi = keep[0], keep[1]
		if pos&d != 0 {
			a.foldLowerAt(s, lo, hi-lo)
		} else {
			a.foldHigherAt(s, lo, hi-lo)
		}
		h.ranges = append(h.ranges, keep)
	}
	return h
}

// kept returns the part of buf that the position keeps before round k.
func (h halving) part(b *builder, buf Ref, k int) Ref {
	r := h.ranges[k]
	return b.at(buf, r[0], r[1]-r[0])
}

// other returns the part of buf that was given away in round k.
func (h halving) other(b *builder, buf Ref, k int) Ref {
	all, kept := h.ranges[k], h.ranges[k+1]
	if all[0] == kept[0] {
		return b.at(buf, kept[1], all[1]-kept[1])
	}
	return b.at(buf, all[0], kept[0]-all[0])
}

// rounds returns the number of exchanges.
func (h halving) rounds() int { return len(h.ranges) - 1 }
