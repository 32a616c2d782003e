package member

import "encoding/binary"

// Version is the first byte of every message; agents of another one are refused.
const Version = 1

// What one message may hold. MaxHosts bounds Config.Hosts.
const (
	MaxHosts = 1024
	maxView  = 2 * MaxHosts // a view may name two lives of a host
)

// encode appends a message. All numbers are unsigned varints, but for the flags of
// a slot.
func encode(b []byte, m message) []byte {
	w := writer{b}
	w.byte(Version)
	w.byte(byte(m.kind))
	w.u(m.inc)
	switch m.kind {
	case kindBeacon, kindAnswer:
		w.u(m.group.view)
		w.u(uint64(m.group.lowest))
		w.ballot(m.group.ballot)
	case kindGoodbye:
		w.member(m.who)
	case kindToken, kindMerge:
		w.token(&m.token)
	default:
		w.stamp(m.stamp)
	}
	return w.b
}

// decode reads a message, or reports that it is none.
func decode(b []byte) (m message, ok bool) {
	r := reader{b: b}
	if r.byte() != Version {
		return m, false
	}
	m.kind = kind(r.byte())
	m.inc = r.u()
	switch m.kind {
	case kindBeacon, kindAnswer:
		m.group.view = r.u()
		m.group.lowest = r.id()
		m.group.ballot = r.ballot()
	case kindGoodbye:
		m.who = r.member()
	case kindToken, kindMerge:
		r.token(&m.token)
		m.stamp = m.token.Stamp
	case kindAck, kindStale, kind911, kindGrant, kindDeny:
		m.stamp = r.stamp()
	default:
		return m, false
	}
	return m, !r.bad && len(r.b) == 0
}

type writer struct{ b []byte }

func (w *writer) byte(v byte)     { w.b = append(w.b, v) }
func (w *writer) u(v uint64)      { w.b = binary.AppendUvarint(w.b, v) }
func (w *writer) member(m Member) { w.u(uint64(m.ID)); w.u(m.Inc) }
func (w *writer) ballot(b Ballot) { w.u(b.Epoch); w.member(b.Gen) }
func (w *writer) stamp(s Stamp)   { w.ballot(s.Ballot); w.u(s.Seq) }

func (w *writer) members(list []Member) {
	w.u(uint64(len(list)))
	for _, m := range list {
		w.member(m)
	}
}

// The flags of a slot.
const (
	flagOut = 1 << iota
	flagDead
	flagNamed
)

func (w *writer) token(t *token) {
	w.stamp(t.Stamp)
	w.u(uint64(len(t.slots)))
	for i := range t.slots {
		w.slot(&t.slots[i])
	}
	w.ballot(t.log.ballot)
	w.u(t.view.Index)
	w.members(t.view.Members)
	w.u(t.commit)
	w.u(t.first)
	w.u(uint64(len(t.entries)))
	for i := range t.entries {
		w.entry(&t.entries[i])
	}
}

func (w *writer) slot(s *slot) {
	w.member(s.Member)
	var flags byte
	for i, v := range [...]bool{s.out, s.dead, s.named} {
		if v {
			flags |= 1 << i
		}
	}
	w.byte(flags)
	w.byte(s.fails)
	w.u(uint64(s.agree))
	w.u(s.acked)
	w.u(s.have)
	if s.out {
		w.stamp(s.since)
	}
}

func (w *writer) entry(e *entry) {
	if e.view {
		w.byte(1)
		w.members(e.members)
		return
	}
	w.byte(0)
	w.member(e.from)
	w.u(e.number)
	w.u(uint64(len(e.data)))
	w.b = append(w.b, e.data...)
}

// reader reads what a writer wrote. Once it is bad it reads zeros.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.bad = true
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) u() uint64 {
	v, n := binary.Uvarint(r.b)
	// Only the shortest form is good, so that a message has one.
	if n <= 0 || n > 1 && r.b[n-1] == 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// upTo reads a number that has a bound.
func (r *reader) upTo(limit uint64) uint64 {
	v := r.u()
	if v > limit {
		r.bad, r.b = true, nil
		return 0
	}
	return v
}

// many reads how many things follow, of which each has a byte at least.
func (r *reader) many(limit int) int {
	n := int(r.upTo(uint64(limit)))
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return 0
	}
	return n
}

func (r *reader) id() ID         { return ID(r.upTo(1<<32 - 1)) }
func (r *reader) member() Member { return Member{r.id(), r.u()} }
func (r *reader) ballot() Ballot { return Ballot{r.u(), r.member()} }
func (r *reader) stamp() Stamp   { return Stamp{r.ballot(), r.u()} }

func (r *reader) members(limit int) []Member {
	list := make([]Member, r.many(limit))
	for i := range list {
		list[i] = r.member()
	}
	return list
}

func (r *reader) token(t *token) {
	t.Stamp = r.stamp()
	t.slots = make([]slot, r.many(2*maxView))
	for i := range t.slots {
		r.slot(&t.slots[i])
	}
	t.log.ballot = r.ballot()
	t.view.Index = r.u()
	t.view.Members = r.members(maxView)
	t.commit = r.u()
	t.first = r.u()
	t.entries = make([]entry, r.many(maxEntries))
	for i := range t.entries {
		r.entry(&t.entries[i])
	}
	// Indices of entries count from 1 and do not wrap round; nothing is confirmed
	// that is not there.
	if t.first == 0 || t.first > 1<<62 || t.commit+1 < t.first || t.commit > t.last() || t.view.Index > t.commit {
		r.bad = true
	}
}

func (r *reader) slot(s *slot) {
	s.Member = r.member()
	flags := r.byte()
	if flags > flagOut|flagDead|flagNamed {
		r.bad = true
	}
	s.out, s.dead, s.named = flags&flagOut != 0, flags&flagDead != 0, flags&flagNamed != 0
	s.fails = r.byte()
	s.agree = uint16(r.upTo(MaxHosts))
	s.acked = r.u()
	s.have = r.u()
	if s.out {
		s.since = r.stamp()
	}
}

func (r *reader) entry(e *entry) {
	switch r.byte() {
	case 0:
		e.from = r.member()
		e.number = r.u()
		n := r.many(MaxData)
		e.data = append([]byte(nil), r.b[:n]...)
		r.b = r.b[n:]
	case 1:
		e.view = true
		e.members = r.members(maxView)
	default:
		r.bad = true
	}
}
