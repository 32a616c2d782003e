package rainnet

// replays remembers which numbers of a sender have come, in a window below the highest (RFC 4303,
// section 3.4.3): what is older than the window counts as having come.
type replays struct {
	next uint64 // above the highest number so far
	seen [replayWindow / 64]uint64
}

const replayWindow = 1024

// fresh reports whether number has not come before, and remembers that it has now. It is asked about
// authentic packets only.
func (r *replays) fresh(number uint64) bool {
	for ; r.next <= number && number-r.next < replayWindow; r.next++ {
		r.seen[r.next/64%uint64(len(r.seen))] &^= 1 << (r.next % 64)
	}
	if number >= r.next {
		r.seen, r.next = [len(r.seen)]uint64{}, number+1
	}
	if r.next-number > replayWindow {
		return false
	}
	word, bit := &r.seen[number/64%uint64(len(r.seen))], uint64(1)<<(number%64)
	if *word&bit != 0 {
		return false
	}
	*word |= bit
	return true
}
