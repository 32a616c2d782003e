package rainnet

import "math"

// never is the deadline of something that waits for nothing.
const never = math.MaxInt64

// timers orders peers by deadline: a binary heap, each peer knowing its place in it.
type timers struct{ heap []*Peer }

// next is the earliest deadline.
func (t *timers) next() int64 {
	if len(t.heap) == 0 {
		return never
	}
	return t.heap[0].deadline
}

// set moves p to a new deadline.
func (t *timers) set(p *Peer, deadline int64) {
	if p.slot < 0 {
		if deadline == never {
			return
		}
		p.slot = len(t.heap)
		t.heap = append(t.heap, p)
	}
	p.deadline = deadline
	if deadline == never {
		t.remove(p)
		return
	}
	t.fix(p.slot)
}

func (t *timers) remove(p *Peer) {
	i, last := p.slot, len(t.heap)-1
	if i < 0 {
		return
	}
	t.swap(i, last)
	t.heap[last] = nil
	t.heap = t.heap[:last]
	p.slot, p.deadline = -1, never
	if i < last {
		t.fix(i)
	}
}

// fix restores the order around i: up, then down.
func (t *timers) fix(i int) {
	h := t.heap
	for i > 0 && h[i].deadline < h[(i-1)/2].deadline {
		t.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h); child++ {
			if h[child].deadline < h[least].deadline {
				least = child
			}
		}
		if least == i {
			return
		}
		t.swap(i, least)
		i = least
	}
}

func (t *timers) swap(i, j int) {
	h := t.heap
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i, j
}
