package link

// timer holds the two instants at which a link acts by itself, and what they
// are computed from.
type timer struct {
	inUse    bool
	heardAt  int64 // when anything came from the peer on this path
	proofAt  int64 // when T started: the last proof, the last transition, or a restart
	pingAt   int64 // when the next ping is due
	restarts int   // restarts of T for being late, since the last proof
	forborne int64 // tout for silence is put off until then; 0: it is not
}

// maxRestarts bounds how often in a row a late timer is excused. A process that
// is late every time still has to leave a dead path at last: at each restart it
// has pinged and has looked for the echo, late or not.
const maxRestarts = 10

// Timeout returns T, how long the path stays Up without proof:
// max(3 periods, 4 smoothed round trips).
func (l *Link) Timeout() int64 {
	return max(3*l.period(), 4*l.rtt.smoothed, l.cfg.MinTimeout)
}

func (l *Link) period() int64 {
	if l.timer.inUse {
		return l.cfg.Period
	}
	return l.cfg.IdlePeriod
}

// SetUse says whether anybody has something to say on this path. A path in use
// is pinged every Period, another one every IdlePeriod.
func (l *Link) SetUse(now int64, inUse bool) {
	if l.timer.inUse == inUse {
		return
	}
	l.timer.inUse = inUse
	if inUse {
		// What was proven at the slow rate is older than T of the fast one.
		l.restart(now)
		l.timer.pingAt = now
	}
}

// Deadline returns when Expire and NextPing have to be called next.
func (l *Link) Deadline() int64 {
	if l.pings.answer {
		return l.timer.heardAt
	}
	if l.Up() {
		return min(l.timer.pingAt, l.toutAt())
	}
	return l.timer.pingAt
}

// Ask makes a ping due.
func (l *Link) Ask(now int64) { l.timer.pingAt = now }

func (l *Link) toutAt() int64 {
	if l.timer.forborne != 0 {
		return l.timer.forborne // also if T has become longer, because nobody uses the path any more
	}
	return l.timer.proofAt + l.Timeout()
}

// Overdue reports whether the path is Up, and has been without proof for T.
func (l *Link) Overdue(now int64) bool { return l.Up() && now >= l.toutAt() }

// ProvenAt returns when T started: with the last proof, as a rule.
func (l *Link) ProvenAt() int64 { return l.timer.proofAt }

// Forbear puts tout for silence off until a time: it is not known yet whether it is
// the path that is silent, or the peer.
func (l *Link) Forbear(until int64) { l.timer.forborne = until }

// Expire acts on the time. Whoever drives the machine has taken everything out
// of its sockets before.
func (l *Link) Expire(now int64) {
	if !l.Up() {
		return
	}
	if l.overslept(now) {
		l.timer.pingAt = now
		return
	}
	if now >= l.toutAt() {
		l.tout(now, CauseSilent)
	}
}

// overslept starts T again if a timer is late by more than half of it: a process
// that was stopped judges nobody by the silence it slept through, before it has
// read its sockets. A late ping is such a timer as well.
func (l *Link) overslept(now int64) bool {
	late := now - min(l.timer.pingAt, l.toutAt())
	if late <= l.Timeout()/2 || l.timer.restarts >= maxRestarts {
		return false
	}
	l.timer.restarts++
	l.restart(now)
	return true
}

// restart starts T again without a proof.
func (l *Link) restart(now int64) { l.timer.proofAt, l.timer.forborne = now, 0 }

// proven starts T again. Data with acknowledgements takes the place of pings.
func (l *Link) proven(now int64) {
	l.restart(now)
	l.timer.restarts = 0
	l.pings.asked = false
	if l.timer.pingAt > now { // else a count waits to be sent
		l.timer.pingAt = max(l.timer.pingAt, now+l.interval(now))
	}
}

// NextPing returns the ping that is due, if one is: an answer, a count that
// changed, or the periodic one.
func (l *Link) NextPing(now int64) (Ping, bool) {
	due := now >= l.timer.pingAt
	if !due && !l.pings.answer {
		return Ping{}, false
	}
	if l.Up() {
		l.overslept(now) // since the last Expire, which would not see it: the ping is not late any more
	}
	// An answer that goes out without a recent proof of my own asks for one.
	ask := due || l.Up() && now-l.timer.proofAt >= l.period()
	p := l.pings.make(now, ask)
	p.A, p.R = l.hist.a, l.hist.r
	l.timer.pingAt = now + l.interval(now)
	if !ask {
		// An answer stands for my own periodic ping. The quarter leaves the
		// peer's next one the time to arrive first, so that a pair
		// exchanges one ping and one answer per period, not two.
		l.timer.pingAt += l.interval(now) / 4
	}
	return p, true
}

// interval is the time from now to the next ping.
func (l *Link) interval(now int64) int64 {
	switch {
	case l.Up() && l.pings.asked:
		// Unless the echo comes first. After one overdue echo pings are
		// frequent: at 5 % loss each way three plain ones fail together
		// every 12 s, these do in days.
		return min(l.period(), max(l.hurry(), 2*l.rtt.smoothed))
	case l.Up():
		return l.period()
	case l.echoes > 0 && l.echoes < l.cfg.GoodEchoes:
		return max(l.cfg.Hurry, l.rtt.smoothed/4) // it answers: the other echoes shall follow soon
	}
	// A path that has been silent for long is asked less often: after each
	// hundredth of its silence.
	silence := (now - l.timer.heardAt) / 100
	return min(max(l.period(), silence), max(l.period(), l.cfg.IdlePeriod))
}

// hurry is the interval once an echo is overdue. Where T is long, ten pings are
// as good as one every 3 ms.
func (l *Link) hurry() int64 {
	return max(l.cfg.Hurry, l.Timeout()/10)
}
