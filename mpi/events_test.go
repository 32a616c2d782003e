package mpi

import (
	"slices"
	"testing"
)

// TestWatcher: events come in their order, one at a time, also to a function that makes progress itself;
// those that find no room are counted, and nobody hears of anything after Stop.
func TestWatcher(t *testing.T) {
	world(t, 1, func(c *Comm) {
		e := c.e
		tell := func(n int64) {
			e.mu.Lock()
			e.told(PeerStalled, 1000-n, "", n) // a clock that goes back
			e.told(PeerResumed, 1000-n, "", -1)
			e.mu.Unlock()
		}
		var got []int64
		var missed, last int64
		inside := false
		w := Watch(PeerStalled, func(ev Event) {
			if inside || ev.Type != PeerStalled || ev.At < last {
				t.Errorf("event %+v after %d, inside another one: %v", ev, last, inside)
			}
			inside, missed, last = true, missed+ev.Missed, ev.At
			got = append(got, ev.Values...)
			e.runCalls()
			inside = false
		})
		for n := range int64(3) {
			tell(n)
		}
		e.runCalls()
		if !slices.Equal(got, []int64{0, 1, 2}) || missed != 0 {
			t.Errorf("heard of %v, %d missed", got, missed)
		}
		got = nil
		for n := range int64(mostWaiting + 10) {
			tell(n)
		}
		e.runCalls()
		tell(7)
		e.runCalls()
		if len(got) != mostWaiting+1 || got[mostWaiting] != 7 || missed != 10 {
			t.Errorf("heard of %d, %d missed", len(got), missed)
		}
		// What is missed is told before what comes after, also if that is another watcher's.
		missed = 0
		w.Drop(2)
		other := Watch(PeerResumed, func(ev Event) {
			if missed != 2 {
				t.Errorf("another watcher hears of what came after %d missed ones, not 2", missed)
			}
		})
		e.mu.Lock()
		e.told(PeerResumed, 0, "", 1)
		e.mu.Unlock()
		e.runCalls()
		other.Stop()
		tell(8)
		if w.Stop() || e.waitingFor(w) != 1 {
			t.Errorf("it runs, or its event is gone: life has no engine here")
		}
		e.calls, got = nil, nil
		e.callCount.Store(0)
		tell(9)
		if e.runCalls(); got != nil {
			t.Errorf("heard of %v after Stop", got)
		}
	})
}
