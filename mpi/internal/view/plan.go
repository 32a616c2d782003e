package view

import "slices"

// An Extent is a run of bytes of a file.
type Extent struct{ Pos, Len int64 }

// End is the position behind it.
func (x Extent) End() int64 { return x.Pos + x.Len }

// Join sorts extents and joins those that overlap or are at most gap bytes apart; it works in place.
func Join(list []Extent, gap int64) []Extent {
	slices.SortFunc(list, func(a, b Extent) int {
		switch {
		case a.Pos < b.Pos:
			return -1
		case a.Pos > b.Pos:
			return 1
		}
		return 0
	})
	out := list[:0]
	for _, x := range list {
		if n := len(out); n > 0 && x.Pos <= out[n-1].End()+gap {
			out[n-1].Len = max(out[n-1].Len, x.End()-out[n-1].Pos)
			continue
		}
		out = append(out, x)
	}
	return out
}

// A Plan deals the part of a file that a collective access is about out among those who read and
// write for all, the aggregators: each has one share, which it goes through in windows, one a round.
type Plan struct {
	lo, hi        int64
	share, window int64
	Rounds        int
}

// Where shares and windows begin and end, in bytes, if they are not shorter: file systems work in
// whole pages and stripes.
const alignment = 64 << 10

// NewPlan plans for bytes lo to hi of a file, by windows of at most window bytes.
func NewPlan(lo, hi int64, aggregators int, window int64) Plan {
	p := Plan{lo: lo, hi: hi}
	if hi <= lo {
		return p
	}
	start := lo - lo%alignment
	p.share = roundUp((hi-start+int64(aggregators)-1)/int64(aggregators), alignment)
	p.window = min(max(window-window%alignment, alignment), p.share)
	p.lo = start
	p.Rounds = int((min(p.share, hi-start) + p.window - 1) / p.window)
	return p
}

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// Window is the part of the file that an aggregator is busy with in a round; lo is hi if there is none.
func (p Plan) Window(aggregator, round int) (lo, hi int64) {
	first := p.lo + int64(aggregator)*p.share
	lo = first + int64(round)*p.window
	hi = min(lo+p.window, first+p.share, p.hi)
	if lo >= hi {
		return 0, 0
	}
	return lo, hi
}
