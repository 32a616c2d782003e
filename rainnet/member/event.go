package member

// A Kind says what an Event is.
type Kind uint8

// The kinds of events.
const (
	Confirmed Kind = iota // a view: View, Index
	Delivered             // a message: Data, of Who, its Number; Index
	Silent                // Who is out of the ring; for people: it is waited for
	Heard                 // Who, who was silent, is back
	Fenced                // Who, I, is out of the primary: its ranks must end at once; Cause
	Locked                // I hold the token, Until
)

func (k Kind) String() string {
	return [...]string{"confirmed", "delivered", "silent", "heard", "fenced", "locked"}[k]
}

// An Event is something that whoever drives the machine must know.
type Event struct {
	Kind   Kind
	At     int64
	Index  uint64
	View   View
	Who    Member
	Number uint64
	Data   []byte
	Until  int64
	Cause  string
}

// maxEvents bounds the queue: deliveries wait, notices are dropped. Whoever drives
// the machine drains it after each call.
const maxEvents = 256

func (m *Machine) push(e Event) {
	if len(m.events) < maxEvents || e.Kind == Fenced {
		m.events = append(m.events, e)
	}
}

// NextEvent returns the oldest event that has not been returned yet.
func (m *Machine) NextEvent() (Event, bool) {
	if len(m.events) == 0 {
		return Event{}, false
	}
	e := m.events[0]
	m.events = m.events[1:]
	return e, true
}

// compare tells of members of the view that have left the ring, or come back to
// it.
func (m *Machine) compare(now int64, before *token) {
	for _, o := range m.tok.view.Members {
		was, is := before.inRing(o), m.tok.inRing(o)
		if was && !is {
			m.push(Event{Kind: Silent, At: now, Who: o})
		} else if is && !was && before.slot(o) != nil {
			m.push(Event{Kind: Heard, At: now, Who: o})
		}
	}
}
