package mpi

import (
	"time"

	"rainmpi/internal/boot"
)

// Ranks that no path has ever led to, though something waits for them: a firewall lets
// their agents through and not them, on other ports of the same range. Nobody else can
// notice, so the rank tells its agent. Silence later on is not told to agents: the rank
// may be stopped, by a debugger for example, and they notice what happens to hosts.

// unmetTick is how often a rank looks, and tells.
const unmetTick = time.Second

// watchUnmet counts how long ranks have been tried, by its own ticks: the time in which
// this process was stopped is not theirs.
func (e *engine) watchUnmet() {
	ticks := map[*proc]int{}
	for !e.ended.Load() || !e.boot.free.Load() {
		time.Sleep(unmetTick)
		if m := e.unmet(ticks); m != nil {
			_ = e.boot.tell(boot.Message{Unmet: m})
		}
	}
}

// unmet is about the rank that has been tried longest; nil: there is none. Like the
// background it does not wait for the lock.
func (e *engine) unmet(ticks map[*proc]int) (m *boot.Unmet) {
	if !e.mu.TryLock() {
		return nil
	}
	defer e.mu.Unlock()
	for _, p := range e.procs {
		if p.peer == nil || p.foreign != nil || p.failed || !p.peer.Unmet() && !(e.boot.foreign && p.peer.Silent()) {
			delete(ticks, p)
			continue
		}
		ticks[p]++
		if tried := time.Duration(ticks[p]) * unmetTick; m == nil || tried > m.For {
			m = &boot.Unmet{Rank: p.index, Met: p.peer.Silent(), For: tried, At: p.peer.Card().Places(), From: e.net.rails.Card().Places()}
		}
	}
	return m
}
