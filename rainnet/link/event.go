package link

// Cause says what made a transition.
type Cause string

const (
	CauseSilent  Cause = "silent"  // nothing proved two-way communication for T
	CauseEchoes  Cause = "echoes"  // enough echoes did
	CausePeer    Cause = "peer"    // the peer's count said so
	CauseCarrier Cause = "carrier" // Lost was called
	CauseRemoved Cause = "removed" // Removed was called
)

// Event is one transition of this end.
type Event struct {
	Up    bool
	Epoch uint32 // a, after the transition; both ends use the same number for the same transition
	At    int64
	Cause Cause
}

// maxEvents is far more than one call can cause (N); whoever drives the machine
// drains the events after each call.
const maxEvents = 16

// events is a queue that drops its oldest entry when nobody drains it.
type events struct {
	buf         [maxEvents]Event
	first, many int
}

func (q *events) push(e Event) {
	if q.many == maxEvents {
		q.first = (q.first + 1) % maxEvents
		q.many--
	}
	q.buf[(q.first+q.many)%maxEvents] = e
	q.many++
}

// NextEvent returns the oldest transition that has not been returned yet.
func (l *Link) NextEvent() (Event, bool) {
	q := &l.events
	if q.many == 0 {
		return Event{}, false
	}
	e := q.buf[q.first]
	q.first = (q.first + 1) % maxEvents
	q.many--
	return e, true
}
