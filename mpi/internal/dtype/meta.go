package dtype

import (
	"errors"
	"math/bits"
)

// ErrOverflow says that a size, bound or displacement of a datatype does not fit in 64 bits.
var ErrOverflow = errors.New("datatype does not fit in 64-bit sizes and displacements")

// meta is what a type map amounts to, without the places of its single bytes.
type meta struct {
	size           int64
	trueLB, trueUB int64 // over data bytes; both 0 when there are none
	lb, ub         int64
	marked         bool  // lb and ub were set by a resize and hold in every type built on this
	align          int64 // largest alignment of a basic type
	sig            *sig  // nil when size is 0
	leaf           Basic // the one basic type of all data, None if mixed or empty
}

// arith does 64-bit arithmetic and remembers whether any of it overflowed.
type arith struct{ bad bool }

func (a *arith) mul(x, y int64) int64 {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	if x < 0 {
		hi -= uint64(y)
	}
	if y < 0 {
		hi -= uint64(x)
	}
	if int64(hi) != int64(lo)>>63 {
		a.bad = true
	}
	return int64(lo)
}

func (a *arith) add(x, y int64) int64 {
	s := x + y
	if (x^s)&(y^s) < 0 {
		a.bad = true
	}
	return s
}

func (a *arith) err() error {
	if a.bad {
		return ErrOverflow
	}
	return nil
}

// repeat returns the bounds of count ≥ 1 copies of m, each stride bytes after the one before.
func (m meta) repeat(a *arith, count, stride int64) meta {
	last := a.mul(count-1, stride)
	lo, hi := min(last, 0), max(last, 0)
	if m.size > 0 {
		m.size = a.mul(m.size, count)
		m.trueLB = a.add(m.trueLB, lo)
		m.trueUB = a.add(m.trueUB, hi)
	}
	if m.marked {
		m.lb = a.add(m.lb, lo)
		m.ub = a.add(m.ub, hi)
	}
	return m
}

// union adds up the bounds of the parts of a type map.
type union struct {
	arith
	m     meta
	mixed bool
}

// add puts m, at displacement disp, behind what is there.
func (u *union) add(m meta, disp int64) {
	if m.size > 0 {
		lo, hi := u.arith.add(m.trueLB, disp), u.arith.add(m.trueUB, disp)
		if u.m.size == 0 {
			u.m.trueLB, u.m.trueUB, u.m.leaf = lo, hi, m.leaf
		} else {
			u.m.trueLB, u.m.trueUB = min(u.m.trueLB, lo), max(u.m.trueUB, hi)
		}
		u.mixed = u.mixed || m.leaf != u.m.leaf
		u.m.size = u.arith.add(u.m.size, m.size)
		u.m.align = max(u.m.align, m.align)
	}
	if m.marked {
		lo, hi := u.arith.add(m.lb, disp), u.arith.add(m.ub, disp)
		if !u.m.marked {
			u.m.lb, u.m.ub, u.m.marked = lo, hi, true
		} else {
			u.m.lb, u.m.ub = min(u.m.lb, lo), max(u.m.ub, hi)
		}
	}
}

// done closes the union.
func (u *union) done(s *sig) (meta, error) {
	if u.mixed {
		u.m.leaf = None
	}
	u.m.sig = s
	m := u.m.bounded(&u.arith)
	return m, u.err()
}

// bounded sets the bounds of a type map without markers: "lb is the least displacement, ub the
// greatest displacement plus size, plus ε; if type j requires alignment to a multiple of k_j,
// ε is the least increment that rounds the extent to the next multiple of max k_j"
// (MPI 5.0 §5.1). Markers of an inner resized type override it.
func (m meta) bounded(a *arith) meta {
	if m.marked {
		return m
	}
	m.lb = m.trueLB
	m.ub = a.add(m.trueLB, roundUp(a.add(m.trueUB, -m.trueLB), m.align))
	return m
}
