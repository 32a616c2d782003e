package membersim

import (
	"math/rand/v2"
	"testing"

	"rainmpi/internal/simnet/sim"
	"rainmpi/rainnet/member"
)

// FuzzCalls makes calls of any kind at two to five members, in an order that a fuzzer draws, and breaks what lies
// between them. The checkers look on as in a seed's run (check.go), and at the end all is mended: then the members
// find each other, and what was sent has come.
func FuzzCalls(f *testing.F) {
	f.Add([]byte("\x00\x00\x20\x41\x82\xa3\x5d\x09\xbd\x0a\x7d"))         // messages and locks, a member that is stopped
	f.Add([]byte("\x01\x07\x9d\x27\x00\x5e\x28\x67\x40\x9e\x06\x26\x7d")) // crashes with and without a word, and new lives
	f.Add([]byte("\x03\x0b\x7e\x2c\x40\x9d\x6b\x0f\x4f\xbe\x05\x25\xfd")) // one way is cut, then another; loss
	f.Add([]byte("\x02\x44\x64\x83\xa8\xc8\xe8\x40\x7d\x06\x26\x46\x66")) // strangers, garbage, everybody leaves
	f.Fuzz(func(t *testing.T, calls []byte) {
		if failed := play(calls, 0); failed != "" {
			t.Fatal(failed)
		}
	})
}

// TestCallsFind: the game can be lost. Faults that are planted in the machine are found by calls at random.
func TestCallsFind(t *testing.T) {
	for name, bug := range map[string]member.Bugs{
		"nobody waits for the removal deadline":              member.BugRemoveAtOnce,
		"any ring has the majority":                          member.BugMinority,
		"a message is delivered before it is confirmed":      member.BugDeliverEarly,
		"a fenced member stays":                              member.BugStayFenced,
		"a host that does not answer is tried for ever":      member.BugNoDetection,
		"a message that is on the token is appended again":   member.BugSendAgain,
		"the way round a silent host keeps the ballot":       member.BugSameBallot,
		"an entry is confirmed when it is appended":          member.BugConfirmEarly,
		"what is confirmed leaves the token, whoever is out": member.BugTrimEarly,
	} {
		rng := rand.New(rand.NewPCG(1, 1))
		found := ""
		for n := 0; n < 400 && found == ""; n++ {
			calls := make([]byte, 40)
			for i := range calls {
				calls[i] = byte(rng.Uint32())
			}
			if n < 10 {
				if failed := play(calls, 0); failed != "" {
					t.Fatalf("without a fault: %s", failed)
				}
			}
			found = play(calls, bug)
		}
		if found == "" {
			t.Errorf("not found: %s", name)
		}
		t.Logf("%s: %s", name, found)
	}
}

// play makes the calls one after the other, and returns what promise is not kept; empty: all are.
func play(calls []byte, bugs member.Bugs) string {
	first := byte(0)
	if len(calls) > 0 {
		first, calls = calls[0], calls[1:]
	}
	cfg := member.Config{Round: 100 * millisecond, Removal: 3 * second, Aggressive: first&4 != 0, Bugs: bugs}
	if first&8 != 0 {
		cfg.Witness = []member.ID{1}
	}
	w := newWorld(rand.New(rand.NewPCG(uint64(first), 2)), cfg, 2+int(first&3))
	w.delay, w.lateBy = millisecond<<(first>>6), cfg.Removal
	for _, h := range w.hosts {
		w.After(w.rng.Int64N(second), h.start)
	}
	if first&16 != 0 {
		w.calm(second+w.regroup(), true)
	}
	for _, b := range calls[:min(len(calls), 60)] {
		if w.over {
			break
		}
		w.call(w.hosts[int(b>>5)%len(w.hosts)], int(b&31), int64(b>>5))
	}
	w.network.loss, w.dup, w.late = 0, 0, 0
	for _, h := range w.hosts {
		h.start()
	}
	w.settle()
	if len(w.failures) == 0 {
		return ""
	}
	return w.failures[0]
}

func (w *world) call(h *host, what int, n int64) {
	awake := h.m != nil && !h.asleep
	d := w.cfg.Removal >> (n & 7)
	switch what {
	case 0, 16, 17:
		h.multicast()
	case 1, 18: // more than there is room for
		for range 20 * n {
			h.multicast()
		}
	case 2:
		if awake && h.m.Multicast(w.Now, make([]byte, member.MaxData+1)) != member.ErrTooLong {
			w.failf("%v takes a message that is too long", h.m.Self())
		}
	case 3, 19:
		if awake {
			h.m.Lock(w.Now)
			h.drive()
		}
	case 4, 20: // whether it has the lock, or waits for it, or not
		if awake {
			h.m.Unlock(w.Now)
			h.drive()
		}
	case 5: // before its time, or late
		if awake {
			h.m.Expire(w.Now)
			h.drive()
		}
	case 6:
		h.start()
	case 7, 21:
		h.crash()
	case 8:
		w.crashKnown(h)
	case 9: // of whom nobody has heard, of itself, of who is gone already
		if awake {
			h.m.Gone(w.Now, member.ID(1000+n))
			h.m.Gone(w.Now, h.id)
			for _, o := range w.hosts {
				if o.m == nil {
					h.m.Gone(w.Now, o.id)
				}
			}
			h.drive()
		}
	case 10, 22:
		h.sleep(2 * d)
	case 11, 23:
		w.sever(int(h.id), w.rng.IntN(len(w.hosts)), 2*d)
	case 12, 24:
		w.isolate(h, int(n)%3, 2*d)
	case 13, 14, 25, 26, 27:
		w.run(w.cfg.Removal >> (7 - n&7))
	case 15:
		w.lossy(2 * d)
	case 28:
		w.dup, w.late = float64(n)/14, float64(n)/70
	case 29: // what is no message, and what no member of the job sends
		if awake {
			garbage := make([]byte, w.rng.IntN(200))
			for i := range garbage {
				garbage[i] = byte(w.rng.Uint32())
			}
			if n&1 != 0 {
				garbage = append([]byte{member.Version}, garbage...)
			}
			if err := h.m.Recv(w.Now, member.ID(1000+n), garbage); err != member.ErrStranger {
				w.failf("%v: a message of a stranger: %v", h.m.Self(), err)
			}
			if err := h.m.Recv(w.Now, w.hosts[(int(h.id)+1)%len(w.hosts)].id, garbage[:0]); err != member.ErrMalformed {
				w.failf("%v: an empty message: %v", h.m.Self(), err)
			}
			h.drive()
		}
	case 30: // the last thing that a life does, whatever else it is asked for
		if awake {
			h.m.Leave(w.Now)
			h.m.Leave(w.Now)
			h.m.Lock(w.Now)
			if h.m.Multicast(w.Now, nil) == nil || h.m.Deadline() != member.Never {
				w.failf("%v has left, and goes on", h.m.Self())
			}
			h.drain()
			h.crash()
		}
	default:
		w.partition(sim.LogUniform(w.rng, w.cfg.Round, 2*w.cfg.Removal))
	}
}
