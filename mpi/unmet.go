package mpi

import (
	"time"

	"rainmpi/internal/boot"
	"rainmpi/rainnet"
)

// Ranks that no path leads to, though paths lead to their hosts: a packet filter lets
// their agents through and not them, on other ports of the same range, from the start or
// in mid job; or they are stopped, by a debugger for example. Nobody else can notice, so
// the rank tells its agent, which knows whether the host is silent as a whole.

// unmetTick is how often a rank looks, and tells.
const unmetTick = time.Second

// unmetRanks are those that no path leads to: ranks that never were reached and for which
// something waits, and ranks that were, whether or not anything does, as nobody knows what
// they would send.
type unmetRanks struct {
	tried map[*proc]*unmetRank
	told  map[*proc]bool // the agent knows of them
}

type unmetRank struct {
	ticks int
	since time.Time
}

// watchUnmet counts how long ranks have been tried, by its own ticks: the time in which
// this process was stopped is not theirs.
func (e *engine) watchUnmet() {
	u := unmetRanks{map[*proc]*unmetRank{}, map[*proc]bool{}}
	for !e.ended.Load() || !e.boot.free.Load() {
		time.Sleep(unmetTick)
		for _, m := range e.unmet(&u) {
			_ = e.boot.tell(boot.Message{Unmet: m})
		}
	}
}

// unmet is about the rank that has been tried longest, and then about those that are not
// tried any more. Like the background it does not wait for the lock.
func (e *engine) unmet(u *unmetRanks) (ms []*boot.Unmet) {
	if !e.mu.TryLock() {
		return nil
	}
	defer e.mu.Unlock()
	var longest *proc
	for _, p := range e.procs {
		if p.peer == nil || p.foreign != nil || p.failed || !p.peer.Unmet() && !p.peer.Silent() {
			delete(u.tried, p)
			continue
		}
		r := u.tried[p]
		if r == nil {
			r = &unmetRank{since: time.Now().Add(-time.Duration(rainnet.Now() - p.peer.HeardAt()))}
			u.tried[p] = r
		}
		if r.ticks++; longest == nil || r.ticks > u.tried[longest].ticks {
			longest = p
		}
	}
	if p := longest; p != nil {
		u.told[p] = true
		ms = append(ms, &boot.Unmet{Rank: p.index, Met: p.peer.Silent(), Since: u.tried[p].since, For: time.Duration(u.tried[p].ticks) * unmetTick,
			At: p.peer.Card().Places(), From: e.net.rails.Card().Places()})
	}
	for p := range u.told {
		if u.tried[p] == nil {
			delete(u.told, p)
			ms = append(ms, &boot.Unmet{Rank: p.index, Over: true, Met: !p.failed && p.peer.Reached()})
		}
	}
	return ms
}
