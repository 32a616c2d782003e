package simnet

import (
	"time"

	"rainmpi/rainnet/history"
	"rainmpi/rainnet/rudp"
	"rainmpi/rainnet/wire"
)

// histories checks what the two ends of each path say of its history.
//
// From the events alone: an end's epochs follow each other without a gap, odd
// ones are Up; neither end is ahead of the other by more than N at any instant;
// both are equal when nothing has moved for a while in which some path between
// them was well. That a path goes Down with which nothing is wrong is counted, and
// told: its echoes may stand in queues for longer than T, behind what others send.
type histories struct {
	slack int64
	paths map[wire.PathID]*pathHistory
}

type pathHistory struct {
	epoch   [2]uint32
	movedAt int64 // last transition of either end
}

// agreeWithin is how soon both ends have the same count once one has moved and
// a path between them is well: their packets tell it on any path, and what is
// lost is sent again after a probe time-out.
const agreeWithin = 500 * millisecond

// groundless is how long after the last fault of a path a Down has nothing to do
// with it any more.
const groundless = 300 * millisecond

func newHistories(slack int64) *histories {
	return &histories{slack: slack, paths: map[wire.PathID]*pathHistory{}}
}

func (h *histories) of(id wire.PathID) *pathHistory {
	p := h.paths[id]
	if p == nil {
		p = &pathHistory{}
		h.paths[id] = p
	}
	return p
}

// note tells Options.History of a transition.
func (e *end) note(ev rudp.Event) {
	if e.history == nil {
		return
	}
	e.history(history.Entry{
		At:   time.Unix(0, ev.At),
		Self: e.identity(), Peer: e.peer.identity(),
		Path: ev.Path, Epoch: ev.Epoch, Up: ev.Kind == rudp.PathUp, Cause: string(ev.Cause),
	})
}

// identity names the end in logs: hosts have numbers, and no second life.
func (e *end) identity() history.End {
	return history.End{ID: e.id}
}

// moved takes an event of one end.
func (s *session) moved(who *end, id wire.PathID, up bool, epoch uint32) {
	p := s.histories.of(id)
	i := who.side
	if epoch != p.epoch[i]+1 {
		s.failf("%s path %d: epoch %d follows epoch %d", who.name, id, epoch, p.epoch[i])
	}
	if up != (epoch%2 == 1) {
		s.failf("%s path %d: epoch %d reported with up %v", who.name, id, epoch, up)
	}
	if !up && epoch > p.epoch[1-i] && id != wire.Relayed && s.pathWellFor(id) > groundless {
		s.groundless++
		s.tracef("%s path %d: Down, and nothing is wrong with it", who.name, id)
	}
	p.epoch[i] = epoch
	p.movedAt = s.Now
	if lead := int64(p.epoch[i]) - int64(p.epoch[1-i]); lead > s.histories.slack {
		s.failf("%s path %d: %d transitions, the other end has made %d: more than %d ahead",
			who.name, id, epoch, p.epoch[1-i], s.histories.slack)
	}
	s.After(agreeWithin, func() { s.agree(id) })
}

// agree checks that both ends of a quiet path have the same count.
func (s *session) agree(id wire.PathID) {
	p := s.histories.of(id)
	if p.epoch[0] == p.epoch[1] || s.Now-p.movedAt < agreeWithin || s.wellFor() < agreeWithin {
		return
	}
	s.failf("path %d: histories of %d and %d transitions %v after the last, though a path is well",
		id, p.epoch[0], p.epoch[1], duration(s.Now-p.movedAt))
}

// settled reports whether every path is Up, with equal counts.
func (s *session) settled() bool {
	for _, p := range s.pathIDs {
		h := s.histories.of(p)
		if h.epoch[0] != h.epoch[1] || h.epoch[0]%2 == 0 {
			return false
		}
	}
	return true
}
