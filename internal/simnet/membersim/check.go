package membersim

import (
	"bytes"
	"slices"

	"rainmpi/rainnet/member"
)

// checker is what must hold at every instant. A reign is one order of views and
// messages. It ends when no life that was a member of it is left; what it has
// agreed on may then be lost.
type checker struct {
	w      *world
	log    map[uint64]member.Event // what was delivered at each place
	newest member.View
	number map[member.Member]uint64 // of the newest message in the log
	lives  map[member.Member]*life
	reigns int
	views  int
	silent func(member.Member) // if not nil, is told who is silent
}

// life is a member of a reign.
type life struct {
	at     uint64 // place of what it got last
	ended  bool   // crashed or fenced
	fenced bool
	host   *host
	got    map[member.Member]uint64 // number of the last message of each sender
}

func (c *checker) reset(w *world) {
	*c = checker{w: w, lives: c.lives, reigns: c.reigns, views: c.views}
	c.log = map[uint64]member.Event{}
	c.number = map[member.Member]uint64{}
	if c.lives == nil {
		c.lives = map[member.Member]*life{}
	}
}

func (c *checker) ended(m member.Member) {
	if l := c.lives[m]; l != nil {
		l.ended = true
	}
}

// event takes what a machine told its user.
func (c *checker) event(h *host, e member.Event) {
	switch e.Kind {
	case member.Confirmed, member.Delivered:
		c.delivered(h, e)
	case member.Silent:
		c.w.seizeSilence(h)
		if c.silent != nil {
			c.silent(e.Who)
		}
	case member.Fenced:
		l := c.lives[e.Who]
		if l == nil {
			l = &life{host: h}
			c.lives[e.Who] = l
		}
		l.ended, l.fenced = true, true
		h.sent = 0
	}
}

// left reports whether anybody of the reign is left. Who was stopped for too long
// does not know yet that it has lapsed.
func (c *checker) left() bool {
	for m, l := range c.lives {
		if !l.ended && l.host.m != nil && l.host.m.Self() == m && (!l.host.asleep || l.host.m.Primary(c.w.Now)) {
			return true
		}
	}
	return false
}

func (c *checker) delivered(h *host, e member.Event) {
	// A fenced machine tells what it got before; its last view may be without it.
	me := h.m.Self()
	if e.Kind == member.Confirmed && !e.View.Has(me) {
		if c.log[e.Index].View.Index != e.Index {
			c.w.failf("%v: view %d is without it, and nobody in it has it", me, e.Index)
		}
		return
	}
	l := c.lives[me]
	if l == nil {
		if e.Kind != member.Confirmed {
			c.w.failf("%v: a message at %d before the view that takes it in", me, e.Index)
			return
		}
		if !c.left() {
			c.reset(c.w)
			c.reigns++
		}
		l = &life{host: h, at: e.Index - 1, got: map[member.Member]uint64{}}
		c.lives[me] = l
	}
	if e.Index != l.at+1 {
		c.w.failf("%v: place %d follows place %d", me, e.Index, l.at)
	}
	l.at = e.Index
	if e.Kind == member.Delivered {
		// Who has sent it may have been there before.
		if last, ok := l.got[e.Who]; ok && e.Number != last+1 {
			c.w.failf("%v: message %d of %v follows its message %d", me, e.Number, e.Who, last)
		}
		l.got[e.Who] = e.Number
	}
	known, ok := c.log[e.Index]
	if !ok {
		c.first(e)
		return
	}
	if known.Kind != e.Kind || known.Who != e.Who || known.Number != e.Number || !bytes.Equal(known.Data, e.Data) ||
		!slices.Equal(known.View.Members, e.View.Members) {
		c.w.failf("%v: at %d it got %v %v %v, another got %v %v %v", me, e.Index, e.Kind, e.View, e.Who, known.Kind, known.View, known.Who)
	}
}

// first is what is delivered at a place where nobody has got anything yet.
func (c *checker) first(e member.Event) {
	c.log[e.Index] = e
	if e.Kind == member.Confirmed {
		c.views++
		if e.Index > c.newest.Index {
			c.newest = e.View
		}
		c.w.seize()
		return
	}
	c.number[e.Who] = max(c.number[e.Who], e.Number)
}

// instant checks what holds at every instant. Between events only the time moves,
// which gives nothing to anybody.
func (c *checker) instant() {
	var eats, locks *host
	for _, h := range c.w.hosts {
		if h.m == nil {
			continue
		}
		me := h.m.Self()
		if h.m.Primary(c.w.Now) {
			if !c.newest.Has(me) {
				c.w.failf("%v is primary, and the newest view is %v", me, c.newest)
			}
			if l := c.lives[me]; l != nil && l.fenced {
				c.w.failf("%v was fenced and is primary", me)
			}
		}
		if h.m.Eating(c.w.Now) {
			if eats != nil {
				c.w.failf("%v and %v both hold the token of the primary", eats.m.Self(), me)
			}
			eats = h
		}
		if h.m.Locked(c.w.Now) {
			if locks != nil {
				c.w.failf("%v and %v both have the lock", locks.m.Self(), me)
			}
			locks = h
		}
	}
}

// survivors are lives whose time to find each other again is ample, if they are
// more than half of the hosts: then the primary must go on.
func (c *checker) survivors(in int64) bool {
	n := 0
	for _, h := range c.w.hosts {
		if h.m != nil && !h.asleep && h.m.Primary(c.w.Now+in) {
			n++
		}
	}
	return 2*n > len(c.w.hosts)
}

// calm checks what must be so when nothing has been broken for long.
func (c *checker) calm(must bool) {
	var alive []member.Member
	primary, all := 0, true
	for _, h := range c.w.hosts {
		if h.m == nil {
			all = false
			continue
		}
		alive = append(alive, h.m.Self())
		if h.m.Primary(c.w.Now) {
			primary++
		}
	}
	for _, h := range c.w.hosts {
		if h.m == nil {
			continue
		}
		ring := sorted(h.m.Ring())
		if !slices.Equal(ring, alive) {
			c.w.failf("%v: its ring is %v when %v live and nothing is broken", h.m.Self(), ring, alive)
		}
		if v := h.m.View(); primary > 0 && !slices.Equal(sorted(v.Members), alive) {
			c.w.failf("%v: its view is %v when %v live and nothing is broken", h.m.Self(), v, alive)
		}
	}
	switch {
	case primary == 0 && (all || must):
		c.w.failf("nobody is primary when %v live and nothing is broken", alive)
	case primary > 0 && primary < len(alive):
		c.w.failf("%d of %v are primary when nothing is broken", primary, alive)
	case primary > 0:
		c.complete()
	}
}

// complete checks that all messages have come.
func (c *checker) complete() {
	for m, l := range c.lives {
		if !l.ended && c.number[m] < l.host.sent {
			c.w.failf("%v has sent %d messages, %d have come", m, l.host.sent, c.number[m])
		}
		if !l.ended && l.at < c.newest.Index {
			c.w.failf("%v got nothing after place %d; the newest view is at %d", m, l.at, c.newest.Index)
		}
	}
}

func sorted(list []member.Member) []member.Member {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b member.Member) int { return int(int64(a.ID) - int64(b.ID)) })
	return list
}
