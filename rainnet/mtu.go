package rainnet

import (
	"encoding/binary"

	"rainmpi/rainnet/wire"
)

// The largest packet that a path carries is found by asking the path (RFC 8899): the cards at both
// ends may take jumbo frames and a switch or a tunnel between them not, and it will not say so. Every
// packet tells in its header the size of the largest packet that came from the other end on this
// path lately; a probe is a small packet that would have left anyway, padded.

const (
	// baseMTU passes everywhere: RFC 8899, section 5.1.2: "for IPv6 … BASE_PLPMTU … 1280 bytes" less
	// the headers of IPv6 and UDP.
	baseMTU = 1280 - 40 - 8

	// RFC 8899, section 5.1.2: "The default value of MAX_PROBES is 3."
	maxProbes = 3
	// A probe that is lost is a lost ping as well, so they keep a distance.
	probePeriod = 30_000_000
	// RFC 8899, section 5.1.1: "The suggested value for the PMTU_RAISE_TIMER is 600 seconds".
	raisePeriod = 600_000_000_000

	searchStep = 16  // bytes; a search that has come this near is over
	padBelow   = 256 // packets smaller than this carry no data to speak of, and may be probes

	// lately is how long a size is told after it was received last, once or twice over.
	lately = 300_000_000
	// RFC 8899, section 4.3, black hole detection: packets of the full size are not seen for so long,
	// while small ones are. What is sent meanwhile is lost, and a mistake is cheap: where the path does
	// carry them, the first probe says so.
	blackHole = 700_000_000

	seenAt = 12 // u16 in the reserved bytes of the header: see wire
)

// track is what an Endpoint itself knows of one path.
type track struct {
	max    int // what the cards at both ends take; 0: the pair is no candidate
	size   int // confirmed: what rudp cuts packets to
	bound  int // exclusive: sizes from here on have failed
	probed int // size of the probe that is out; 0: none
	tries  int // probes of that size so far
	next   int64

	bigSince int64 // when packets of full size began to be sent without being seen; 0: never

	// The largest packet that came on this path, in this period and in the one before.
	seen, seenBefore int
	period           int64 // when this one began
}

func newTrack(max int) track {
	return track{max: max, size: min(max, baseMTU), bound: max + 1}
}

// limit takes note that the cards take another size now. It reports whether the size that rudp is to use
// has changed; a larger one has to be found first.
func (t *track) limit(max int) (changed bool) {
	if t.max == 0 || t.max == max {
		return false
	}
	t.max, t.bound = max, max+1
	t.probed, t.next, t.bigSince = 0, 0, 0
	if t.size <= max {
		return false
	}
	t.size = max
	return true
}

// prepare makes a packet of n bytes in b, and rest bytes elsewhere, ready for sealing: it stamps what was
// seen, and pads the packet if it shall be a probe.
func (t *track) prepare(b []byte, n, rest int, now int64) int {
	binary.BigEndian.PutUint16(b[seenAt:], uint16(max(t.seen, t.seenBefore)))
	if n+rest+wire.TagLen == t.size && t.bigSince == 0 {
		t.bigSince = now
	}
	if n+rest >= padBelow || now < t.next || t.seen == 0 || t.size == t.max {
		return n
	}
	size := t.probe(now) - wire.TagLen
	if size <= n {
		return n
	}
	clear(b[n:size]) // PADDING frames
	return size
}

// probe returns the size to ask for now; 0 if the search is over.
func (t *track) probe(now int64) int {
	if t.probed != 0 && t.tries == maxProbes {
		t.bound, t.probed = t.probed, 0
	}
	if t.probed == 0 {
		t.probed, t.tries = t.candidate(), 0
	}
	if t.probed == 0 {
		t.bound, t.next = t.max+1, now+raisePeriod
		return 0
	}
	t.tries++
	t.next = now + probePeriod
	return t.probed
}

// candidate is the next size worth asking for: the largest, and then halfway.
func (t *track) candidate() int {
	switch {
	case t.bound > t.max:
		return t.max
	case t.bound-t.size <= searchStep:
		return 0
	}
	return (t.size + t.bound) / 2
}

// arrived takes an authentic packet that came on the path. It reports whether the size that rudp is
// to use has changed.
func (t *track) arrived(packet []byte, now int64) (changed bool) {
	if now-t.period >= lately {
		t.seenBefore, t.seen, t.period = t.seen, 0, now
	}
	t.seen = max(t.seen, len(packet))
	seen := int(binary.BigEndian.Uint16(packet[seenAt:]))
	switch {
	case seen > t.size && seen <= t.max:
		t.size = seen
		t.probed, t.next, t.bigSince = 0, 0, 0
		if t.bound <= t.size {
			t.bound = t.max + 1
		}
		return true
	case seen >= t.size:
		t.bigSince = 0
	case t.bigSince != 0 && now-t.bigSince > blackHole && t.size > baseMTU:
		t.size, t.bound = min(t.max, baseMTU), t.max+1
		t.probed, t.next, t.bigSince = 0, 0, 0
		return true
	}
	return false
}
