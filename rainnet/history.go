package rainnet

import (
	"time"

	"rainmpi/rainnet/history"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// What happened to the paths of an Endpoint stays readable: the last transitions in memory, and all of
// them in the log that Config.History names. Package history says how the two ends of a path are
// compared.

// historySize is how many transitions are kept: far more than a job without trouble makes.
const historySize = 1024

// recent is the last transitions of all paths.
type recent struct {
	entries []history.Entry // a ring once it has historySize
	next    int
}

func (r *recent) add(e history.Entry) {
	if len(r.entries) < historySize {
		r.entries = append(r.entries, e)
		return
	}
	r.entries[r.next] = e
	r.next = (r.next + 1) % historySize
}

// End is this Endpoint in the history of paths.
func (e *Endpoint) End() history.End { return endOf(e.self.id, e.self.salt) }

// History returns the last transitions of this Endpoint's paths, oldest first, 1024 at most.
func (e *Endpoint) History() []history.Entry {
	r := &e.recent
	return append(append([]history.Entry(nil), r.entries[r.next:]...), r.entries[:r.next]...)
}

// beginHistory says in the log whose transitions will follow.
func (e *Endpoint) beginHistory() {
	if l := e.cfg.History; l != nil {
		l.Begin(e.End(), max(e.cfg.Link.Slack, link.LeastSlack), e.cfg.Name)
	}
}

// remember takes note of a transition.
func (e *Endpoint) remember(p *Peer, ev PathEvent) {
	if ev.Kind != PathUp && ev.Kind != PathDown {
		return
	}
	entry := history.Entry{
		At:   history.Clock(start, time.Duration(ev.At)),
		Self: e.End(), Peer: endOf(p.card.ID, p.card.Salt),
		Path: ev.Path, Epoch: ev.Epoch, Up: ev.Kind == PathUp,
		Local: ev.Local, Remote: ev.Remote, Cause: ev.Cause,
	}
	if ev.Path == wire.Relayed {
		entry.Remote = "through " + ev.Through.String()
	}
	e.recent.add(entry)
	if e.cfg.History != nil {
		e.cfg.History.Add(entry)
	}
}

func endOf(id wire.PeerID, salt [16]byte) history.End {
	return history.End{ID: id, Life: [4]byte(salt[:4])}
}
