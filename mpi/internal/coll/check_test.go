package coll

import "fmt"

// check tests a schedule against the invariants of Round, by looking at it alone.
func check(s *Schedule, st *seat, size int) error {
	b := builder{Group: st.group, sh: &st.shape, v: st.v}
	for i, round := range s.Rounds {
		open := false
		for j, step := range round {
			if step.Kind == StepReduce && open {
				return fmt.Errorf("round %d step %d: a reduction after a send or receive", i, j)
			}
			open = open || step.Kind == StepSend || step.Kind == StepRecv
			if open && (int(step.Peer) < 0 || int(step.Peer) >= size) {
				return fmt.Errorf("round %d step %d: peer %d", i, j, step.Peer)
			}
			for _, f := range []Ref{step.A, step.B} {
				lo, hi := extent(&b, f)
				if f.Buf == Scratch && hi > lo && (lo < 0 || hi > s.Scratch) {
					return fmt.Errorf("round %d step %d: scratch %d to %d of %d", i, j, lo, hi, s.Scratch)
				}
			}
			if step.Kind != StepRecv && step.Kind != StepSend && step.B.Buf == SendBuf {
				return fmt.Errorf("round %d step %d: the send buffer is written", i, j)
			}
		}
		if err := conflicts(&b, round); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
	}
	return nil
}

// extent returns the bytes of the buffer that lie between the ends of f.
func extent(b *builder, f Ref) (lo, hi int64) {
	lo, hi = b.layout(f.Type).span(f.Count)
	return f.Off + lo, f.Off + hi
}

// conflicts finds memory that a message of the round and another step both use,
// one of them writing. Elements of gappy types may interlock: only runs count.
func conflicts(b *builder, round Round) error {
	for i, x := range round {
		if x.Kind != StepSend && x.Kind != StepRecv {
			continue
		}
		for j, y := range round {
			// Local steps before the message are done when it is begun.
			message := y.Kind == StepSend || y.Kind == StepRecv
			if i == j || j < i && !message {
				continue
			}
			if x.Kind == StepRecv && (overlap(b, x.B, y.A, y.Kind != StepRecv) || overlap(b, x.B, y.B, y.Kind != StepSend)) {
				return fmt.Errorf("step %d receives what step %d uses", i, j)
			}
			if x.Kind == StepSend && overlap(b, x.A, y.B, y.Kind != StepSend) {
				return fmt.Errorf("step %d sends what step %d changes", i, j)
			}
		}
	}
	return nil
}

func overlap(b *builder, x, y Ref, used bool) bool {
	if !used || x.Buf != y.Buf {
		return false
	}
	xl, xh := extent(b, x)
	yl, yh := extent(b, y)
	return xl < yh && yl < xh
}
