package simnet

import "container/heap"

// A scheduler is virtual time: what shall happen, in the order of its instants,
// and of being asked for where instants are equal. Nothing else moves the clock,
// so that a seed always gives the same run.
type scheduler struct {
	now   int64
	asked uint64
	queue eventQueue
}

type event struct {
	at    int64
	order uint64
	do    func()
}

// at calls do at the given instant, or at once after what is due now.
func (s *scheduler) at(t int64, do func()) {
	s.asked++
	heap.Push(&s.queue, event{at: max(t, s.now), order: s.asked, do: do})
}

func (s *scheduler) after(d int64, do func()) { s.at(s.now+d, do) }

// step does the next thing, and reports false if there is none.
func (s *scheduler) step() bool {
	if len(s.queue) == 0 {
		return false
	}
	e := heap.Pop(&s.queue).(event)
	s.now = e.at
	e.do()
	return true
}

type eventQueue []event

func (q eventQueue) Len() int      { return len(q) }
func (q eventQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q eventQueue) Less(i, j int) bool {
	if q[i].at != q[j].at {
		return q[i].at < q[j].at
	}
	return q[i].order < q[j].order
}
func (q *eventQueue) Push(x any) { *q = append(*q, x.(event)) }
func (q *eventQueue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = event{} // let go of the closure
	*q = (*q)[:last]
	return e
}
