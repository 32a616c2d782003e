package link

// maxDowns bounds how many Downs are remembered.
const maxDowns = 8

// hold keeps a path that flaps Down, from the third Down within 10 s on, and each time
// longer. Only tin is held; the peer's count is followed always, and the peer holds its
// own tin by the same rule.
type hold struct {
	downs [maxDowns]int64 // when the last ones were, oldest first
	many  int
	level int   // Downs in a row that were one too many
	until int64 // no tin before
}

// down takes note of a transition to Down.
func (h *hold) down(now int64, cfg *Config) {
	if h.many == maxDowns {
		copy(h.downs[:], h.downs[1:])
		h.many--
	}
	h.downs[h.many] = now
	h.many++

	if h.many < cfg.HoldFrom || now-h.downs[h.many-cfg.HoldFrom] > cfg.HoldWindow {
		h.level, h.until = 0, 0
		return
	}
	d := min(cfg.HoldBase, cfg.HoldMax)
	for range h.level {
		d = min(2*d, cfg.HoldMax)
	}
	h.level++
	h.until = now + d
}

func (h *hold) held(now int64) bool { return now < h.until }

// stallWithin is how far apart the Downs of one stall may be.
const stallWithin = second

// Excuse takes a Down of just now out of the account of hold-down: all paths of
// the peer went silent together, which is a stall of the peer and says nothing
// about this path.
func (l *Link) Excuse(now int64) {
	h := &l.hold
	if h.many == 0 || now-h.downs[h.many-1] > stallWithin {
		return
	}
	h.many--
	h.level = max(h.level-1, 0)
	h.until = 0
}
