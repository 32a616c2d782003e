package coll

// An acc is a reduction's operand while it grows: the combination of a run of
// neighbouring ranks. Contributions of the next lower or the next higher ranks
// are folded in from slots, in rank order, without copies where the operands'
// places allow it: B = A op B leaves the result where the higher operand was, so
// the acc moves between its slots.
type acc struct {
	b     *builder
	cur   Ref   // the operand
	fixed bool  // cur is the caller's send buffer and must not be written
	slots []Ref // free places of the same count
}

// newAcc starts an operand at the caller's contribution. If the rank has a place
// for the result, out, it serves too.
func (b *builder) newAcc(in Ref, fixed bool, out *Ref) *acc {
	a := &acc{b: b, cur: in, fixed: fixed}
	if out != nil && *out != in {
		a.slots = append(a.slots, *out)
	}
	return a
}

// input returns the caller's contribution to a reduction of n elements.
func (b *builder) input(n int64) (in Ref, fixed bool) {
	if b.sh.InPlace {
		return b.recvBuf(n), false
	}
	return Ref{Buf: SendBuf, Type: RecvType, Count: n}, true
}

// slot returns the place where the next contribution is to be received.
func (a *acc) slot() Ref {
	if len(a.slots) == 0 {
		a.slots = append(a.slots, a.b.room(RecvType, a.cur.Count))
	}
	return a.slots[0]
}

// take removes s from the free slots.
func (a *acc) take(s Ref) {
	for i, f := range a.slots {
		if f == s {
			a.slots = append(a.slots[:i:i], a.slots[i+1:]...)
			return
		}
	}
	panic("coll: an operand was folded from a place that is not free")
}

// moveTo makes s, which is taken, the place of the operand.
func (a *acc) moveTo(s Ref) {
	if !a.fixed {
		a.slots = append(a.slots, a.cur)
	}
	a.cur, a.fixed = s, false
}

// foldHigher combines with the operand of the next higher ranks, in slot s.
func (a *acc) foldHigher(s Ref) { a.foldHigherAt(s, 0, s.Count) }

// foldLower combines with the operand of the next lower ranks, in slot s.
func (a *acc) foldLower(s Ref) { a.foldLowerAt(s, 0, s.Count) }

// foldHigherAt combines n elements from the i-th on; the others are lost.
func (a *acc) foldHigherAt(s Ref, i, n int64) {
	b := a.b
	if b.sh.Commutative && !a.fixed {
		b.reduce(b.at(s, i, n), b.at(a.cur, i, n))
		return
	}
	b.reduce(b.at(a.cur, i, n), b.at(s, i, n))
	a.take(s)
	a.moveTo(s)
}

func (a *acc) foldLowerAt(s Ref, i, n int64) {
	b := a.b
	if !a.fixed {
		b.reduce(b.at(s, i, n), b.at(a.cur, i, n))
		return
	}
	if b.sh.Commutative {
		a.foldHigherAt(s, i, n)
		return
	}
	// The higher operand is read only: the result needs a place of its own.
	a.take(s)
	to := a.slot()
	a.take(to)
	b.copy(b.at(to, i, n), b.at(a.cur, i, n))
	b.reduce(b.at(s, i, n), b.at(to, i, n))
	a.moveTo(to)
	a.slots = append(a.slots, s)
}
