package link

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// A game is two links and the pings between them, as the bytes of a fuzzer have it: whatever is called, and
// whatever is lost, repeated and overtakes, the promises are kept.
type game struct {
	now   int64
	ends  [2]*Link
	epoch [2]uint32
	fly   [2][]Ping // to that end
	slack uint32
}

// FuzzCalls plays one call after the other.
func FuzzCalls(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19})
	f.Add([]byte("\x00\x20\x00\x10\x01\x11\x02\x12\x20\x03\x13\x00\x10\x01\x11\x60\x01\x11\x00\x10\x01\x11\xa0\x01\x11\x04"))
	f.Fuzz(func(t *testing.T, calls []byte) {
		if err := play(calls, 0); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCallsFind: the game can be lost. Each fault that is planted in the machine is found by calls at random.
func TestCallsFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for name, bug := range map[string]Bugs{"the slack is ignored": BugNoSlack, "an epoch is skipped": BugSkipEpoch} {
		found := error(nil)
		for n := 0; n < 20_000 && found == nil; n++ {
			calls := make([]byte, 300)
			for i := range calls {
				calls[i] = byte(rng.Uint32())
			}
			if err := play(calls, 0); err != nil {
				t.Fatalf("without a fault: %v", err)
			}
			found = play(calls, bug)
		}
		if found == nil {
			t.Errorf("not found: %s", name)
		}
		t.Logf("%s: %v", name, found)
	}
}

// play makes the calls one after the other, and returns what promise is not kept.
func play(calls []byte, bugs Bugs) error {
	g := &game{now: 1, slack: 2}
	if len(calls) > 0 && calls[0]&0x80 != 0 {
		g.slack = 3
	}
	for i := range g.ends {
		g.ends[i] = New(Config{Slack: int(g.slack), HoldBase: 1, HoldMax: 2, Bugs: bugs}, g.now)
	}
	for n, b := range calls {
		g.call(int(b>>4&1), int(b&15), int64(b>>5))
		if err := g.check(); err != nil {
			return fmt.Errorf("call %d: %w", n, err)
		}
	}
	return nil
}

func (g *game) call(i, what int, n int64) {
	l, fly := g.ends[i], &g.fly[i]
	switch what {
	case 0: // it sends what it wants to
		if p, ok := l.NextPing(g.now); ok {
			g.fly[1-i] = append(g.fly[1-i], p)
		}
	case 1, 2: // the oldest, or the newest, ping arrives
		if k := len(*fly); k > 0 {
			at := (what - 1) * (k - 1)
			l.RecvPing(g.now, (*fly)[at])
			*fly = append((*fly)[:at:at], (*fly)[at+1:]...)
		}
	case 3: // one arrives, and will again
		if k := len(*fly); k > 0 {
			l.RecvPing(g.now, (*fly)[int(n)%k])
		}
	case 4:
		*fly = nil
	case 5:
		g.now += n * 4 * millisecond
	case 6:
		g.now += n * second
	case 7:
		l.Expire(g.now)
	case 8:
		l.Lost(g.now)
	case 9:
		l.Removed(g.now)
	case 10:
		l.SetUse(g.now, n&1 == 0)
	case 11:
		l.Ask(g.now)
	case 12: // the counts come by another path
		a, r := g.ends[1-i].History()
		l.RecvHistory(g.now, a, r)
	case 13: // data was acknowledged
		l.Proof(g.now, g.now-n*millisecond)
	case 14:
		l.SetRTT(n * millisecond)
	case 15:
		l.Excuse(g.now)
		l.Forbear(g.now + n*millisecond)
	}
}

// check looks at what the links say and did.
func (g *game) check() error {
	for i, l := range g.ends {
		for ev, ok := l.NextEvent(); ok; ev, ok = l.NextEvent() {
			if g.epoch[i]++; ev.Epoch != g.epoch[i] || ev.Up != (ev.Epoch%2 == 1) {
				return fmt.Errorf("end %d: epoch %d, up %v, after epoch %d", i, ev.Epoch, ev.Up, g.epoch[i]-1)
			}
		}
		if a, r := l.History(); a != g.epoch[i] || r > a || l.Up() != (a%2 == 1) {
			return fmt.Errorf("end %d: counts %d and %d, up %v, after %d transitions", i, a, r, l.Up(), g.epoch[i])
		}
		if l.Deadline() < 0 {
			return fmt.Errorf("end %d: deadline %d", i, l.Deadline())
		}
	}
	if x, y := g.epoch[0], g.epoch[1]; x > y+g.slack || y > x+g.slack {
		return fmt.Errorf("%d and %d transitions: more than %d ahead", x, y, g.slack)
	}
	return nil
}

// FuzzPings hands a link pings that no correct peer sends: it neither panics nor counts wrongly, and follows
// its own time.
func FuzzPings(f *testing.F) {
	f.Add(uint32(1), uint32(0), uint32(0), uint32(1), uint32(0), true, true, int64(1000))
	f.Add(uint32(1<<31), uint32(1<<32-1), uint32(1<<32-1), uint32(1<<32-1), uint32(1<<32-1), true, false, int64(second))
	f.Fuzz(func(t *testing.T, number, echo, delay, a, r uint32, hasEcho, ask bool, after int64) {
		l := New(Config{}, 1)
		now := int64(1)
		for range 4 {
			l.NextPing(now)
			l.RecvPing(now, Ping{Number: number, Echo: echo, EchoDelay: delay, A: a, R: r, HasEcho: hasEcho, Ask: ask})
			now += max(0, after%(10*second))
			l.Expire(now)
			mine, learnt := l.History()
			if learnt > mine || mine > 20 || l.Up() != (mine%2 == 1) {
				t.Fatalf("counts %d and %d, up %v", mine, learnt, l.Up())
			}
			number, echo = number+1, echo+1
		}
	})
}
