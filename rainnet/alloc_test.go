package rainnet

import (
	"runtime"
	"testing"
)

// TestSteadyStateAllocatesNothing: once pools are filled, messages and bulk data in both directions
// cost no memory, sealing, sockets and timers included.
func TestSteadyStateAllocatesNothing(t *testing.T) {
	cfg := Config{Rails: []string{"127.0.0.1"}}
	a, b := newNode(t, 1, cfg), newNode(t, 2, cfg)
	introduce(t, a, b)
	var got int
	a.onMsg = func(*Peer, []byte) { got++ }
	b.onMsg = func(*Peer, []byte) { got++ }
	a.e.handler, b.e.handler = &quiet{a, &got}, &quiet{b, &got}
	body := make([]byte, 3000)
	src, dst := &buffer{make(memory, 200<<10)}, &buffer{make(memory, 200<<10)}
	token := uint64(0)
	round := func() {
		want := got + 2 + 2
		token++
		b.peers[1].Expect(token, int64(len(dst.memory)), dst)
		a.peers[2].Send(body[:8], body)
		b.peers[1].Send(body[:8], body[:100])
		a.peers[2].SendBulk(token, int64(len(src.memory)), src)
		for got < want {
			if !a.e.Poll() && !b.e.Poll() {
				a.e.Wait(Now() + 100_000)
			}
			b.e.Poll()
		}
	}
	for range 300 {
		round()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 500 {
		round()
	}
	runtime.ReadMemStats(&after)
	// A path event (the machine may be busy) or a queue that grows once more costs a few.
	if n := after.Mallocs - before.Mallocs; n > 100 {
		t.Errorf("%d allocations in 500 rounds", n)
	}
}

type buffer struct{ memory }

// quiet counts what arrives and is sent.
type quiet struct {
	*node
	got *int
}

func (q *quiet) BulkSent(*Peer, uint64)     { *q.got++ }
func (q *quiet) BulkDone(*Peer, uint64)     { *q.got++ }
func (q *quiet) Path(p *Peer, ev PathEvent) {}
