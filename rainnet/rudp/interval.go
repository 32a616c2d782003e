package rudp

// intervals is a set of byte offsets, kept as disjoint, sorted, non-adjacent
// half-open intervals. It is how a receiver knows what it has of a message.
type intervals []interval

type interval struct {
	lo, hi int64
}

// maxIntervals bounds a set. Paths of unequal delay and a lost packet in each
// burst make some hundred intervals; a packet that would make more than this is
// refused and comes again.
const maxIntervals = 8192

// search returns the index of the first interval that ends at or after off.
func (s intervals) search(off int64) int {
	// Data mostly continues where an interval near the end ends.
	if n := len(s); n > 0 && s[n-1].hi < off {
		return n
	}
	lo, hi := 0, len(s)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if s[mid].hi < off {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// missing returns the first part of [lo, hi) that is not in the set; an empty
// one if all is.
func (s intervals) missing(lo, hi int64) (from, to int64) {
	for i := s.search(lo); i < len(s) && lo < hi; i++ {
		if lo < s[i].lo {
			return lo, min(hi, s[i].lo)
		}
		lo = max(lo, s[i].hi)
	}
	if lo >= hi {
		return hi, hi
	}
	return lo, hi
}

// add puts [lo, hi) into the set and returns how many of its bytes are new.
func (s *intervals) add(lo, hi int64) (added int64) {
	if lo >= hi {
		return 0
	}
	v := *s
	i := v.search(lo)
	j := i
	added = hi - lo
	merged := interval{lo, hi}
	for ; j < len(v) && v[j].lo <= hi; j++ {
		added -= max(0, min(hi, v[j].hi)-max(lo, v[j].lo))
		merged.lo = min(merged.lo, v[j].lo)
		merged.hi = max(merged.hi, v[j].hi)
	}
	if i == j {
		v = append(v, interval{})
		copy(v[i+1:], v[i:])
		v[i] = merged
	} else {
		v[i] = merged
		v = append(v[:i+1], v[j:]...)
	}
	*s = v
	return added
}
