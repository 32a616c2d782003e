package rudp

// way tells how long packets queue on their way to the peer, by when the peer says that they came. A round trip tells as
// well of the queue on the way back, which the peer's own data fills: of two ends that send at once each would make way
// for the other's queue, and one of them more than its rail asks for.
type way struct {
	known bool
	apart uint32 // the peer's clock less ours, in µs, when it was heard first, and as much as that packet took
	least int64  // of what it was later, less that, in nanoseconds
	at    int64  // when least was looked at
}

// clockDrift is by how much two clocks may run apart: 100 ppm, as a part of the time; of driftTime at most between two packets. After
// an idle hour everything would be allowed, and a queue that others have meanwhile not be seen.
const (
	clockDrift = 10_000
	driftTime  = 100 * millisecond
)

// sample takes a packet that left at sent and came at the time came of the peer's clock, in µs. It returns by how much
// longer it was under way than the quickest. Nobody queues on one way for longer than on both, which is most; never if that
// is not known: after a clock has been set, or a machine was asleep, that says where it is now.
func (w *way) sample(now, sent int64, came uint32, most int64) (queued int64) {
	apart := came - uint32(sent/microsecond)
	if !w.known {
		*w = way{known: true, apart: apart, at: now}
	}
	later := int64(int32(apart-w.apart)) * microsecond
	w.least = max(min(w.least+min(now-w.at, driftTime)/clockDrift, later), later-min(most, never/2))
	w.at = now
	return later - w.least
}
