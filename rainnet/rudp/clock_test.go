package rudp

import (
	"fmt"
	"testing"
)

const hour = 3600 * second

// A stream is two ends that send each other windows of transfers.
type stream struct {
	*world
	begun        [2]uint64
	window, size uint64
}

// newStream returns one that always has enough to send.
func newStream(t *testing.T) *stream {
	s := &stream{world: newWorld(t, 30, Config{}, gigabit(), gigabit()), window: 16, size: 512 << 10}
	s.up()
	return s
}

// newWindows returns one that has a few messages under way only, on rails of half the rate.
func newWindows(t *testing.T) *stream {
	half := func() *rail { return &rail{rate: 62.5e6, delay: 30 * microsecond, queue: 1250e3} }
	s := &stream{world: newWorld(t, 30, Config{}, half(), half()), window: 8, size: 64 << 10}
	s.up()
	return s
}

// pass lets time pass and returns how many bytes a second came at both ends.
func (s *stream) pass(d int64) float64 {
	until, before := s.now+d, s.received()
	s.run(d+second, func() bool {
		for i, e := range s.ends {
			for ; s.begun[i] < s.window || e.sent[s.begun[i]-s.window]; s.begun[i]++ {
				delete(e.peer.bulk, s.begun[i]-s.window)
				s.sendBulk(e, s.begun[i], int64(s.size))
			}
		}
		return s.now >= until
	})
	return float64(s.received()-before) * second / float64(d)
}

func (s *stream) received() (sum uint64) {
	for _, e := range s.ends {
		for _, p := range e.c.Paths() {
			sum += p.RecvBytes
		}
	}
	return sum
}

func (s *stream) arrived() int { return len(s.ends[0].done) + len(s.ends[1].done) }

// after does something to the clocks in the midst of the stream, and fails unless all arrives, no path goes down, and the
// ends are soon as fast as they were.
func (s *stream) after(name string, least float64, do func(e *end), ends ...int) {
	s.t.Helper()
	s.pass(60 * millisecond)
	before := s.pass(100 * millisecond)
	for _, i := range ends {
		do(s.ends[i])
	}
	s.pass(max(s.ends[0].stillTill, s.ends[1].stillTill, s.now) - s.now + 100*millisecond)
	part := s.pass(200*millisecond) / before
	s.t.Logf("%s, ends %v: %.2f of the rate before", name, ends, part)
	if part < least {
		s.t.Errorf("%s, ends %v: %.2f of the rate before, want %.2f", name, ends, part, least)
	}
	s.run(5*second, func() bool { return s.arrived() == int(s.begun[0]+s.begun[1]) })
	s.noneDown(name)
}

// bothOrOne is the ends whose clocks are to be touched.
func bothOrOne() [][]int {
	if testing.Short() {
		return [][]int{{0}}
	}
	return [][]int{{0}, {0, 1}}
}

// jump sets an end's clock forward, at a time when its driver looks whether anything is due: before it asks for packets.
func (w *world) jump(e *end, d int64) {
	e.ahead += d
	if w.due(e) <= w.now {
		w.expire(e)
	}
}

// noneDown fails if a path has ever gone down.
func (w *world) noneDown(name string) {
	w.t.Helper()
	for i, e := range w.ends {
		for _, p := range e.c.Paths() {
			if p.Epoch != 1 {
				w.t.Errorf("%s: path %v went down at end %d", name, p.ID, i)
			}
		}
	}
}

// TestStampsThatStep: a peer's clock is set, by an hour or by what might have been a queue. It says when packets came, and
// nothing else of the peer's depends on it.
func TestStampsThatStep(t *testing.T) {
	for _, by := range []int64{hour, -hour, 5 * millisecond, -5 * millisecond} {
		for _, ends := range bothOrOne() {
			step := func(e *end) { e.stampsBy += by }
			newStream(t).after(fmt.Sprintf("stamps by %d ms", by/millisecond), 0.97, step, ends...)
			newWindows(t).after(fmt.Sprintf("windows, stamps by %d ms", by/millisecond), 0.95, step, ends...)
		}
	}
}

// TestOwnClock: the time that is handed in stands still, and then goes on from there or is what it would have been, or it
// jumps forward. Packets come and go meanwhile; what is lost is time, and not the peer.
func TestOwnClock(t *testing.T) {
	for _, ends := range bothOrOne() {
		for _, d := range []int64{20 * millisecond, 300 * millisecond} {
			s := newStream(t)
			s.after(fmt.Sprintf("still for %d ms, then right", d/millisecond), 0.9, func(e *end) {
				e.stillAt, e.stillTill = s.clock(e), s.now+d
			}, ends...)
			s = newStream(t)
			s.after(fmt.Sprintf("still for %d ms, then on from there", d/millisecond), 0.9, func(e *end) {
				e.stillAt, e.stillTill = s.clock(e), s.now+d
				e.ahead -= d
			}, ends...)
		}
		for _, d := range []int64{20 * millisecond, 3 * second} {
			s := newStream(t)
			s.after(fmt.Sprintf("forward by %d ms", d/millisecond), 0.9, func(e *end) { s.jump(e, d) }, ends...)
		}
	}
}

// TestJumpBeforeSend: a process that is stopped after it looked at its timers, and before it sends, finds the pings due and
// their echoes overdue at once. What is idle stays up all the same.
func TestJumpBeforeSend(t *testing.T) {
	for _, d := range []int64{100 * millisecond, second, 3 * second, 15 * second, hour} {
		for _, idle := range []bool{false, true} {
			w := newWorld(t, 32, Config{}, gigabit(), gigabit())
			w.up()
			pass := func(d int64) {
				until := w.now + d
				w.run(d+2*second, func() bool { return w.now >= until })
			}
			pass(50 * millisecond)
			if idle {
				pass(3 * second)
			}
			w.ends[0].ahead += d
			w.drive(w.ends[0])
			pass(100 * millisecond)
			w.noneDown(fmt.Sprintf("forward by %d ms, idle %v", d/millisecond, idle))
		}
	}
}

// TestClockJumpsOverTimeout: a link's timer cannot tell a clock that jumps from a process that was stopped, and to neither may
// it be a sign of death that no echo came meanwhile: T starts again when a timer is late by half of it, and the echo of a
// ping comes before it ends. A jump of less is less than what lies between the last proof and T. A rail that is dead is
// found so all the same, soon after the jump.
func TestClockJumpsOverTimeout(t *testing.T) {
	jumps := []int64{second, 3 * second, 15 * second, hour}
	for d := int64(millisecond); d < 100*millisecond; d += millisecond {
		jumps = append(jumps, d)
	}
	for _, d := range jumps {
		for _, idle := range []bool{false, true} {
			for phase := range int64(10) {
				jumpOver(t, d, phase, idle)
			}
		}
	}
}

func jumpOver(t *testing.T, d, phase int64, idle bool) {
	name := fmt.Sprintf("forward by %d ms, idle %v, phase %d", d/millisecond, idle, phase)
	rails := []*rail{gigabit(), gigabit()}
	w := newWorld(t, 31, Config{}, rails...)
	w.up()
	pass := func(d int64) {
		until := w.now + d
		w.run(d+2*second, func() bool { return w.now >= until })
	}
	if idle {
		pass(3*second + phase*137*millisecond)
	} else {
		pass(50*millisecond + phase*1300*microsecond)
	}
	a := w.ends[0]
	w.jump(a, d)
	pass(100 * millisecond)
	w.noneDown(name)

	rails[1].cut = [2]bool{true, true}
	w.jump(a, d)
	a.c.Use(w.clock(a))
	cut := w.now
	w.run(5*second, func() bool { return !a.c.Paths()[1].Up })
	if took := w.now - cut; took > 50*millisecond {
		t.Errorf("%s: a dead path is down after %d ms", name, took/millisecond)
	}
	if !a.c.Paths()[0].Up {
		t.Errorf("%s: a path that is well went down with one that is not", name)
	}
}
