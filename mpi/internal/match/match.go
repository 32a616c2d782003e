// Package match pairs receives with messages, for one context (a communicator
// and a kind of traffic). It is pure: it holds queues and nothing else.
//
// The rule it keeps (MPI 5.0 section 3.5): "Messages are nonovertaking: If a
// sender sends two messages in succession to the same destination, and both
// match the same receive, then this operation cannot receive the second
// message if the first one is still pending. If a receiver posts two receives
// in succession, and both match the same message, then the second receive
// operation cannot be satisfied by this message, if the first one is still
// pending."
//
// Receives that name their source wait in a list of that source, the others
// in one list of their own, all with a number from one counter: an arriving
// message looks at the fronts of two lists. Messages that nobody waited for
// stand in their source's list and in one list of all arrivals, for receives
// from any source. In the common case every list is looked at once.
package match

// Any is the wildcard of Source; AnyTag that of Tag. The values are the
// standard ABI's.
const (
	Any    = -1
	AnyTag = -2
)

// A Recv is a posted receive, embedded in what the engine keeps of it (R).
// It belongs to the Space from Post until it is matched or cancelled.
type Recv[R any] struct {
	Source, Tag int32 // Source may be Any, Tag may be AnyTag
	Value       R

	order      uint64
	prev, next *Recv[R]
	posted     bool
}

// An Arrival is a message that came before its receive (M is the engine's).
type Arrival[M any] struct {
	Source, Tag int32
	Value       M

	waiting              bool
	prev, next           *Arrival[M] // in its source's list
	prevOfAll, nextOfAll *Arrival[M] // in the list of all
}

// A Space is the matching state of one context.
type Space[R, M any] struct {
	User any // the engine's own

	order   uint64
	posted  []recvList[R] // by source
	wild    recvList[R]   // receives from any source
	arrived []arrivalList[M]
	all     arrivalList[M]
	waiting *Waiting // here, or where CountIn said
	here    Waiting
}

// Waiting counts the receives and the messages that wait in a Space.
type Waiting struct{ Posted, Arrived int32 }

type recvList[R any] struct{ first, last *Recv[R] }
type arrivalList[M any] struct{ first, last *Arrival[M] }

// New makes the space of a context with so many sources. It grows if a
// message comes from a higher one: a context is used by whoever knows it
// first, and this rank may not know its communicator's size yet.
func New[R, M any](sources int) *Space[R, M] {
	s := &Space[R, M]{}
	s.waiting = &s.here
	s.Grow(sources)
	return s
}

// Grow makes room for sources 0 … n-1.
func (s *Space[R, M]) Grow(n int) {
	for len(s.posted) < n {
		s.posted = append(s.posted, recvList[R]{})
		s.arrived = append(s.arrived, arrivalList[M]{})
	}
}

func (s *Space[R, M]) list(source int32) *recvList[R] {
	if source == Any {
		return &s.wild
	}
	return &s.posted[source]
}

// Posted and Arrived count what waits.
func (s *Space[R, M]) Posted() int  { return int(s.waiting.Posted) }
func (s *Space[R, M]) Arrived() int { return int(s.waiting.Arrived) }

// CountIn makes it count at w from now on; nil: in the Space itself again.
func (s *Space[R, M]) CountIn(w *Waiting) {
	if w == nil {
		w = &s.here
	}
	*w = *s.waiting
	s.waiting = w
}

// Find returns the earliest arrival that a receive of (source, tag) would
// get, and leaves it in place (MPI_Iprobe).
func (s *Space[R, M]) Find(source, tag int32) *Arrival[M] {
	if source == Any {
		for a := s.all.first; a != nil; a = a.nextOfAll {
			if tagFits(tag, a.Tag) {
				return a
			}
		}
		return nil
	}
	for a := s.arrived[source].first; a != nil; a = a.next {
		if tagFits(tag, a.Tag) {
			return a
		}
	}
	return nil
}

// Arrivals are all messages that wait, the earliest first. The loop's body may Take the one it has.
func (s *Space[R, M]) Arrivals(yield func(*Arrival[M]) bool) {
	for a, next := s.all.first, s.all.first; a != nil; a = next {
		next = a.nextOfAll
		if !yield(a) {
			return
		}
	}
}

// Receives are all that are posted, in no particular order. The loop's body may Cancel the one it has.
func (s *Space[R, M]) Receives(yield func(*Recv[R]) bool) {
	for _, l := range append(s.posted[:len(s.posted):len(s.posted)], s.wild) {
		for r, next := l.first, l.first; r != nil; r = next {
			next = r.next
			if !yield(r) {
				return
			}
		}
	}
}

// Take removes an arrival that Find returned.
func (s *Space[R, M]) Take(a *Arrival[M]) {
	if !a.waiting {
		panic("match: an arrival is taken once")
	}
	a.waiting = false
	s.waiting.Arrived--
	l := &s.arrived[a.Source]
	if a.prev == nil {
		l.first = a.next
	} else {
		a.prev.next = a.next
	}
	if a.next == nil {
		l.last = a.prev
	} else {
		a.next.prev = a.prev
	}
	if a.prevOfAll == nil {
		s.all.first = a.nextOfAll
	} else {
		a.prevOfAll.nextOfAll = a.nextOfAll
	}
	if a.nextOfAll == nil {
		s.all.last = a.prevOfAll
	} else {
		a.nextOfAll.prevOfAll = a.prevOfAll
	}
	a.prev, a.next, a.prevOfAll, a.nextOfAll = nil, nil, nil, nil
}

// Post enters a receive for which Find found nothing.
func (s *Space[R, M]) Post(r *Recv[R]) {
	l := s.list(r.Source)
	s.order++
	r.order, r.posted, r.prev, r.next = s.order, true, l.last, nil
	if l.last == nil {
		l.first = r
	} else {
		l.last.next = r
	}
	l.last = r
	s.waiting.Posted++
}

// Match removes and returns the receive that a message from source with tag
// satisfies: the earliest posted of those that fit. Nil: nobody waits for it.
func (s *Space[R, M]) Match(source, tag int32) *Recv[R] {
	named := firstFit(s.posted[source].first, tag)
	wild := firstFit(s.wild.first, tag)
	if named == nil || wild != nil && wild.order < named.order {
		named = wild
	}
	if named != nil {
		s.Cancel(named)
	}
	return named
}

// Arrive enters a message for which Match found nothing.
func (s *Space[R, M]) Arrive(a *Arrival[M]) {
	l := &s.arrived[a.Source]
	a.waiting = true
	a.prev, a.next = l.last, nil
	if l.last == nil {
		l.first = a
	} else {
		l.last.next = a
	}
	l.last = a
	a.prevOfAll, a.nextOfAll = s.all.last, nil
	if s.all.last == nil {
		s.all.first = a
	} else {
		s.all.last.nextOfAll = a
	}
	s.all.last = a
	s.waiting.Arrived++
}

// Cancel removes a posted receive. It reports false if the receive is not
// posted (any more): it has been matched and will complete.
func (s *Space[R, M]) Cancel(r *Recv[R]) bool {
	if !r.posted {
		return false
	}
	l := s.list(r.Source)
	if r.prev == nil {
		l.first = r.next
	} else {
		r.prev.next = r.next
	}
	if r.next == nil {
		l.last = r.prev
	} else {
		r.next.prev = r.prev
	}
	r.posted, r.prev, r.next = false, nil, nil
	s.waiting.Posted--
	return true
}

func firstFit[R any](r *Recv[R], tag int32) *Recv[R] {
	for ; r != nil; r = r.next {
		if tagFits(r.Tag, tag) {
			return r
		}
	}
	return nil
}

func tagFits(wanted, tag int32) bool { return wanted == tag || wanted == AnyTag }
