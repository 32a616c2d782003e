// Package sim is what every simulation here begins with: virtual time, draws, and
// runs of many seeds.
package sim

import "container/heap"

// A Scheduler is virtual time: what shall happen, in the order of its instants,
// and of being asked for where instants are equal. Nothing else moves the clock,
// so that a seed always gives the same run.
type Scheduler struct {
	Now   int64 // nanoseconds
	asked uint64
	queue eventQueue
}

type event struct {
	at    int64
	order uint64
	do    func()
}

// At calls do at the given instant, or at once after what is due now.
func (s *Scheduler) At(t int64, do func()) {
	s.asked++
	heap.Push(&s.queue, event{at: max(t, s.Now), order: s.asked, do: do})
}

// After calls do when d has passed.
func (s *Scheduler) After(d int64, do func()) { s.At(s.Now+d, do) }

// Step does the next thing, and reports false if there is none.
func (s *Scheduler) Step() bool {
	if len(s.queue) == 0 {
		return false
	}
	e := heap.Pop(&s.queue).(event)
	s.Now = e.at
	e.do()
	return true
}

// RunUntil does what is due up to t, unless over says that it is enough; it
// leaves the clock at t then.
func (s *Scheduler) RunUntil(t int64, over func() bool) {
	for !over() && len(s.queue) > 0 && s.queue[0].at <= t {
		s.Step()
	}
	if !over() {
		s.Now = t
	}
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
