package rudp

import "rainmpi/rainnet/wire"

// received is what one end knows of the packets of one path that have arrived:
// enough to refuse a packet that comes twice and to acknowledge the rest.
type received struct {
	seen    [replayWords]uint64 // bit pn mod replayWindow; for pn in (largest−replayWindow, largest]
	any     bool
	largest uint64
	largeAt int64 // when largest arrived

	// ranges are the newest packets that arrived, newest range first. What
	// falls off the end has been in many acknowledgements.
	ranges []wire.Range

	eliciting int   // packets to acknowledge since the last ACK
	bytes     int   // their bytes
	dueAt     int64 // when an ACK has to leave; never if eliciting is 0
	ackedAt   int64 // when the last ACK left
}

// replayWindow is how much later than its successors a packet may arrive: 8192
// packets are 100 ms of a full 1 Gbit/s rail.
const (
	replayWindow = 8192
	replayWords  = replayWindow / 64
)

// Acknowledgements cost both ends a packet's worth of work, so bulk is
// acknowledged by the batch: when this much has come, or ackEvery has passed
// and at least two packets have come, or at the latest after Config.MaxAckDelay.
// On a path that is faster than that, not more often than ackSpace allows, or when
// ackMost has come: the sender has several times as much in flight then.
const (
	ackBytes = 48 << 10
	ackMost  = 256 << 10
	ackEvery = 1 * millisecond
	ackSpace = 100 * microsecond
)

// duplicate reports whether packet pn has been received, or is too old to tell.
func (r *received) duplicate(pn uint64) bool {
	if !r.any || pn > r.largest {
		return false
	}
	if r.largest-pn >= replayWindow {
		return true
	}
	return r.seen[pn/64%replayWords]&(1<<(pn%64)) != 0
}

// add takes note of a packet that is not a duplicate.
func (r *received) add(now int64, pn uint64, size int, eliciting bool, maxDelay int64) {
	gap := r.any && pn != r.largest+1
	r.mark(pn)
	r.insert(pn)
	if !r.any || pn > r.largest {
		r.any, r.largest, r.largeAt = true, pn, now
	}
	if !eliciting {
		return
	}
	r.eliciting++
	r.bytes += size
	switch {
	case gap:
		// RFC 9000, section 13.2.1: "an endpoint SHOULD generate and send an
		// ACK frame without delay when it receives an ack-eliciting packet
		// [that] has a packet number less than another [or] larger than the
		// highest-numbered [...] and there are missing packets between".
		r.dueAt = now
	case r.bytes >= ackMost:
		r.dueAt = now
	case r.bytes >= ackBytes:
		r.dueAt = min(r.dueAt, max(now, r.ackedAt+ackSpace))
	case r.eliciting >= 2:
		r.dueAt = min(r.dueAt, max(now, r.ackedAt+ackEvery))
	default:
		r.dueAt = now + maxDelay
	}
}

// mark sets the bit of pn and clears those of the numbers that are skipped.
func (r *received) mark(pn uint64) {
	switch {
	case !r.any:
	case pn > r.largest && pn-r.largest >= replayWindow:
		r.seen = [replayWords]uint64{}
	case pn > r.largest:
		for i := r.largest + 1; i < pn; i++ {
			r.seen[i/64%replayWords] &^= 1 << (i % 64)
		}
	}
	r.seen[pn/64%replayWords] |= 1 << (pn % 64)
}

// insert puts pn into the ranges.
func (r *received) insert(pn uint64) {
	i := 0
	for i < len(r.ranges) && r.ranges[i].First > pn+1 {
		i++
	}
	if i < len(r.ranges) && r.ranges[i].First <= pn && pn <= r.ranges[i].Last {
		return
	}
	if i < len(r.ranges) && r.ranges[i].First == pn+1 {
		r.ranges[i].First = pn
		if i+1 < len(r.ranges) && r.ranges[i+1].Last+1 == pn {
			r.ranges[i].First = r.ranges[i+1].First
			r.ranges = append(r.ranges[:i+1], r.ranges[i+2:]...)
		}
		return
	}
	if i < len(r.ranges) && r.ranges[i].Last+1 == pn {
		r.ranges[i].Last = pn
		return
	}
	if len(r.ranges) < wire.MaxAckRanges {
		r.ranges = append(r.ranges, wire.Range{})
	} else if i == len(r.ranges) {
		return // older than all that is remembered
	}
	copy(r.ranges[i+1:], r.ranges[i:])
	r.ranges[i] = wire.Range{First: pn, Last: pn}
}

// due reports whether an ACK has to leave now even if nothing else does.
func (r *received) due(now int64) bool { return r.eliciting > 0 && now >= r.dueAt }

// deadline returns when an ACK has to leave.
func (r *received) deadline() int64 {
	if r.eliciting == 0 {
		return never
	}
	return r.dueAt
}

// hurry makes the ACK leave now if there is anything to acknowledge.
func (r *received) hurry(now int64) {
	r.dueAt = min(r.dueAt, now)
}

// append writes the ACK frame into the room that is left in b.
func (r *received) append(now int64, b []byte, id wire.PathID) []byte {
	delay := min((now-r.largeAt)/1000, 1<<32-1)
	n := len(b)
	b = wire.AppendAck(b, cap(b)-len(b), id, uint32(r.largeAt/microsecond), uint32(delay), r.ranges)
	if len(b) > n {
		r.eliciting, r.bytes, r.dueAt, r.ackedAt = 0, 0, never, now
	}
	return b
}
