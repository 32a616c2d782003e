package rainnet

import "testing"

func TestTimers(t *testing.T) {
	var q timers
	peers := make([]*Peer, 100)
	for i := range peers {
		peers[i] = &Peer{slot: -1}
		q.set(peers[i], int64(i*37%101))
	}
	for i := range peers {
		q.set(peers[i], int64(i*53%101))
	}
	for i := range 20 {
		q.set(peers[i], never)
	}
	q.remove(peers[20])
	last, n := int64(-1), 0
	for ; q.next() != never; n++ {
		p := q.heap[0]
		if p.deadline < last {
			t.Fatalf("deadline %d after %d", p.deadline, last)
		}
		last = p.deadline
		q.remove(p)
	}
	if n != 79 {
		t.Fatalf("%d deadlines, want 79", n)
	}
}
