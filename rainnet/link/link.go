// Package link watches one path between two peers and keeps both ends agreed on
// when it was up and when it was down: the consistent-history protocol of RAIN
// (IEEE TPDS 12(2), 2001).
//
// A side counts its own transitions (a, the path's epoch) and those of the peer
// it has learnt (r). Pings carry both counts. Three properties hold whatever is
// lost, repeated or reordered:
//
//   - if communication ceases, in one direction or in both, both ends come to
//     mark the path Down; if it resumes, both come to mark it Up;
//   - neither end leads the other by more than N transitions (N = 2);
//   - one real event causes a bounded number of transitions at each end.
//
// The path goes Down when nothing has proven two-way communication for T, and Up
// when enough echoes have. An echo proves it because it answers a ping of mine
// that went out on this path and came back on this path.
//
//	history.go   the protocol itself, two counters
//	ping.go      numbers, echoes, round-trip samples
//	timer.go     when to ping, when to give up
//	hold.go      a path that flaps is kept Down for a while
//
// A Link is a pure machine: it is handed the time (nanoseconds of any monotonic
// clock) and says what it wants by Deadline, NextPing and NextEvent. It starts
// no goroutine, takes no lock and belongs to whoever drives it.
package link

// Link is one end of one path.
type Link struct {
	cfg  Config
	hist history

	movedAt int64  // when I made my last transition
	movedN  uint32 // pings numbered movedN and above were sent after it
	knownA  uint32 // the newest a of mine that the peer says it has learnt

	pings pings
	rtt   rtt
	timer timer
	hold  hold

	echoes int // good echoes in a row while Down
	events events
}

// New returns the local end of a path, Down, with a first ping due at once.
// The path is taken to be in use: see SetUse.
//
// A Link lives as long as the peer's incarnation: the peer keeps its counts, so
// that one end that starts again at zero would never be followed. A path that is
// taken away for a while is Removed, not made anew.
func New(cfg Config, now int64) *Link {
	cfg = cfg.withDefaults()
	l := &Link{cfg: cfg, hist: newHistory(cfg.Slack), movedAt: now}
	if cfg.has(BugTinAtN) {
		l.hist.tinAt = l.hist.slack
	}
	if cfg.has(BugNoSlack) {
		l.hist.slack, l.hist.tinAt = 1<<30, 1<<30
	}
	l.timer = timer{inUse: true, heardAt: now, proofAt: now, pingAt: now}
	return l
}

// Up reports whether this end marks the path Up.
func (l *Link) Up() bool { return l.hist.up() }

// History returns the transitions I have made and those of the peer that I have
// learnt. a is the path's epoch, odd while it is Up.
func (l *Link) History() (a, r uint32) { return l.hist.a, l.hist.r }

// Known reports whether the peer has confirmed my present count. Until then the
// count is worth a place in every packet to the peer, on whatever path.
func (l *Link) Known() bool { return l.knownA == l.hist.a }

// RecvPing takes a ping that arrived on this path.
func (l *Link) RecvPing(now int64, p Ping) {
	l.timer.heardAt = now
	// The counts come first: an echo is then measured against the transition
	// they may cause, and cannot prove a state older than itself.
	l.RecvHistory(now, p.A, p.R)
	l.pings.heard(now, p)
	if p.HasEcho {
		l.recvEcho(now, p.Echo, p.EchoDelay)
	}
}

// RecvHistory takes the peer's counts for this path, whatever path they arrived
// on. They prove nothing about this path.
func (l *Link) RecvHistory(now int64, a, r uint32) {
	if !l.hist.possible(a, r) {
		return // no correct peer sends this
	}
	l.knownA = max(l.knownA, r)
	if l.cfg.has(BugNoHistory) {
		return
	}
	if l.cfg.has(BugSkipEpoch) && a > l.hist.r+1 {
		l.hist.r = a - 1
	}
	for {
		learnt, moved := l.hist.step(a)
		if !learnt {
			return
		}
		if moved {
			l.moved(now, CausePeer)
		}
	}
}

// Proof says that data sent on this path at sentAt was acknowledged by a packet
// that came on this path: as good as an echo.
func (l *Link) Proof(now, sentAt int64) {
	if sentAt > l.movedAt || l.cfg.has(BugStaleEcho) {
		l.timer.heardAt = now
		l.proof(now, sentAt)
	}
}

// Lost says that the local carrier is gone: tout at once.
func (l *Link) Lost(now int64) { l.tout(now, CauseCarrier) }

// Removed says that this end will not use the path any more, for now.
func (l *Link) Removed(now int64) { l.tout(now, CauseRemoved) }

// recvEcho takes the echo of my ping of this number.
func (l *Link) recvEcho(now int64, number, delayµs uint32) {
	sentAt, fresh := l.pings.echoed(number)
	if !fresh {
		return
	}
	l.rtt.sample(now - sentAt - int64(delayµs)*1000)
	// An echo is proof only if it answers a ping sent after my last transition:
	// an older one proves the state before it.
	if !after(l.movedN, number) || l.cfg.has(BugStaleEcho) {
		l.proof(now, sentAt)
	}
}

// proof is evidence of two-way communication since sentAt, which lies after my
// last transition.
func (l *Link) proof(now, sentAt int64) {
	t := l.Timeout()
	if l.Up() {
		// A queue that fills may delay what still arrives, so that Up is
		// kept by what Down would not be left for.
		if now-sentAt <= 2*t || l.cfg.has(BugStaleEcho) {
			l.proven(now)
		}
		return
	}
	// tin only for what was sent within T.
	if now-sentAt > t && !l.cfg.has(BugStaleEcho) {
		return
	}
	if now-l.timer.proofAt > t {
		l.echoes = 0 // the row is broken
	}
	l.proven(now)
	l.echoes++
	l.timer.pingAt = min(l.timer.pingAt, now+l.interval(now))
	l.tin(now)
}

func (l *Link) tin(now int64) {
	if l.echoes < l.cfg.GoodEchoes || l.hold.held(now) {
		return
	}
	if l.hist.tin() {
		l.moved(now, CauseEchoes)
	}
}

func (l *Link) tout(now int64, cause Cause) {
	if l.hist.tout() {
		l.moved(now, cause)
	}
}

// moved follows every transition of mine: emit the event, send the count.
func (l *Link) moved(now int64, cause Cause) {
	l.movedAt, l.movedN = now, l.pings.next
	l.echoes = 0
	if !l.Up() {
		l.hold.down(now, &l.cfg)
	}
	l.restart(now)
	l.timer.pingAt = now
	l.events.push(Event{Up: l.Up(), Epoch: l.hist.a, At: now, Cause: cause})
}
