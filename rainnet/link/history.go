package link

// history is one side of the consistent-history protocol (Bohossian, Fan,
// LeMahieu, Riedel, Xu, Bruck, "Computing in the RAIN", IEEE TPDS 12(2), 2001,
// section on link monitoring), without any notion of time. Time-outs and echoes
// reach it as the two hints tout and tin.
//
// Both sides start Down with no transition made, so the state of a side is the
// parity of its count.
type history struct {
	slack uint32 // N: neither side leads the other by more than N transitions
	tinAt uint32 // tin is acted on while a−r < tinAt; N−1, but see Bugs
	a     uint32 // transitions I have made
	r     uint32 // transitions of the peer that I have learnt; r <= a
}

func newHistory(slack int) history {
	return history{slack: uint32(slack), tinAt: uint32(slack) - 1}
}

func (h *history) up() bool { return h.a&1 == 1 }

// tout is the hint that two-way communication has ceased.
//
//	tout and Up, a − r < N: a++
//
// It reports whether a transition was made. A side that is Up can always make
// it: see tin.
func (h *history) tout() bool {
	if !h.up() || h.a-h.r >= h.slack {
		return false
	}
	h.a++
	return true
}

// tin is the hint that two-way communication is proven.
//
//	tin and Down, a − r < N − 1: a++
//
// N − 1 keeps one step in hand, so that a side that is Up can always go Down:
// with N a side can be Up with its slack used up when the link dies, and then
// no count ever arrives to let it leave that state.
func (h *history) tin() bool {
	if h.up() || h.a-h.r >= h.tinAt {
		return false
	}
	h.a++
	return true
}

// possible reports whether a correct peer can have sent these counts: it leads
// what it has heard from me by at most N, and has heard no more than I have done.
func (h *history) possible(peerA, peerR uint32) bool {
	return peerR <= h.a && peerA <= h.a+h.slack
}

// step learns one transition of the peer, if it has made any that I do not know.
//
//	peer count r' > r: for each step: r++; if a < r { a++ }
//
// It reports whether there was one to learn, and whether I followed it. Counts
// are cumulative: one that is late or repeated teaches nothing.
func (h *history) step(peerA uint32) (learnt, moved bool) {
	if peerA <= h.r {
		return false, false
	}
	h.r++
	if h.a < h.r {
		h.a++
		return true, true
	}
	return true, false
}
