package member

import "slices"

// A token is what travels. A member keeps its last copy.
type token struct {
	Stamp
	slots []slot // those in the ring in its order, and those of the last view that are out of it
	log
}

// A slot is what the token says of one member.
type slot struct {
	Member
	out   bool   // of the ring; only members of the last view are kept so
	dead  bool   // and it will not come back
	named bool   // it has copied this ballot, and its promises allow it to count
	fails uint8  // deliveries in a row that have failed
	since Stamp  // out: of the token that left it out
	agree uint16 // out: hops in a row that found its time over
	acked uint64 // entries up to here it has copied while the token was ripe
	have  uint64 // entries up to here it has delivered
}

func (t *token) slot(m Member) *slot {
	for i := range t.slots {
		if t.slots[i].Member == m {
			return &t.slots[i]
		}
	}
	return nil
}

// inRing reports whether m gets the token.
func (t *token) inRing(m Member) bool {
	s := t.slot(m)
	return s != nil && !s.out
}

// size is the number of members in the ring.
func (t *token) size() (n int) {
	for i := range t.slots {
		if !t.slots[i].out {
			n++
		}
	}
	return n
}

// after returns the member that gets the token after m: m itself if it is alone.
func (t *token) after(m Member) Member {
	at := slices.IndexFunc(t.slots, func(s slot) bool { return s.Member == m })
	for i := 1; i <= len(t.slots); i++ {
		if s := &t.slots[(at+i)%len(t.slots)]; !s.out {
			return s.Member
		}
	}
	return m
}

// rebase starts a ballot: nobody has copied it yet.
func (t *token) rebase(b Ballot) {
	t.Ballot = b
	t.Seq++
	for i := range t.slots {
		s := &t.slots[i]
		s.named, s.acked, s.agree = false, 0, 0
	}
}

// ripe reports whether a majority has been named under this ballot.
func (t *token) ripe() bool { return t.log.ballot == t.Ballot }

// admit puts a member into the ring, behind prev. Who has agreed to a removal has
// to be asked again: there is one more to ask.
func (t *token) admit(prev, m Member) {
	for i := range t.slots {
		t.slots[i].agree = 0
	}
	s := slot{Member: m}
	if i := slices.IndexFunc(t.slots, func(s slot) bool { return s.Member == m }); i >= 0 {
		if !t.slots[i].out {
			return
		}
		s.have = t.slots[i].have
		t.slots = slices.Delete(t.slots, i, i+1)
	}
	at := slices.IndexFunc(t.slots, func(s slot) bool { return s.Member == prev })
	t.slots = slices.Insert(t.slots, at+1, s)
}

// putOut takes a member out of the ring. It is kept in mind while it is in the
// last view.
func (t *token) putOut(m Member) {
	if s := t.slot(m); s != nil {
		*s = slot{Member: m, out: true, dead: s.dead, since: t.Stamp, have: s.have}
	}
	t.normalize()
}

// swap lets another member try to reach m: ABCD becomes ACBD.
func (t *token) swap(m Member) {
	next := t.after(m)
	i := slices.IndexFunc(t.slots, func(s slot) bool { return s.Member == m })
	j := slices.IndexFunc(t.slots, func(s slot) bool { return s.Member == next })
	t.slots[i], t.slots[j] = t.slots[j], t.slots[i]
}

// normalize makes the slots fit the last view: its members have one each, and
// nobody else has one without being in the ring.
func (t *token) normalize() {
	last := t.lastView()
	t.slots = slices.DeleteFunc(t.slots, func(s slot) bool { return s.out && !last.Has(s.Member) })
	for _, m := range last.Members {
		if t.slot(m) == nil {
			t.slots = append(t.slots, slot{Member: m, out: true, since: t.Stamp})
		}
	}
}

// quorum reports whether the members of the ring for which ok holds may decide:
// they hold a majority of the confirmed view and of every later one, which may be
// confirmed somewhere without this token's knowing it.
//
// A view of which nobody is left may be passed over by all the hosts there are,
// because nobody can be elsewhere. So the first view is founded, and another after
// the loss of a majority, when the rest have fenced themselves.
func (m *Machine) quorum(ok func(*slot) bool) bool {
	t := &m.tok
	in := func(o Member) bool {
		s := t.slot(o)
		return s != nil && !s.out && ok(s)
	}
	all := m.all(ok)
	for _, v := range t.views() {
		if v.Index > t.commit && m.cfg.has(BugIgnorePending) {
			break
		}
		if !v.majority(in, &m.cfg) && !(all && (!slices.ContainsFunc(v.Members, t.inRing) || m.cfg.has(BugFoundEarly))) {
			return false
		}
	}
	return true
}

// all reports whether ok holds for a member of the ring on every host.
func (m *Machine) all(ok func(*slot) bool) bool {
	n := 0
	for i := range m.tok.slots {
		if s := &m.tok.slots[i]; !s.out && ok(s) {
			n++
		}
	}
	return n == len(m.peers)
}

func (t *token) count(ok func(*slot) bool) (n int) {
	for i := range t.slots {
		if s := &t.slots[i]; !s.out && ok(s) {
			n++
		}
	}
	return n
}

// newcomers appends to list the members of the ring that are not in the last view,
// by id.
func (t *token) newcomers(last View, list []Member) []Member {
	n := len(list)
	for i := range t.slots {
		if s := &t.slots[i]; !s.out && !last.Has(s.Member) {
			list = append(list, s.Member)
		}
	}
	slices.SortFunc(list[n:], func(a, b Member) int { return int(int64(a.ID) - int64(b.ID)) })
	return list
}
