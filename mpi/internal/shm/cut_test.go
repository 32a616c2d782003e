package shm

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

// TestCut: two goroutines take parts of message after message; each byte is taken once, and none of the message before.
func TestCut(t *testing.T) {
	fd := memory(t)
	front, back := mapped(t, fd, 2, 1).Cut(0, 1, Cuts-1), mapped(t, fd, 2, 0).Cut(0, 1, Cuts-1)
	if s := mapped(t, fd, 2, 0); uintptr(unsafe.Pointer(front))%line != uintptr(unsafe.Pointer(&s.mem[0]))%line {
		t.Error("a cut is not a line of its own")
	}
	random := rand.New(rand.NewPCG(1, 1))
	var theirs atomic.Int64
	for round := range 2000 {
		n := 1 + random.Int64N(40*cutUnit)
		gen := front.Open(uintptr(round), n)
		theirs.Store(0)
		var wg sync.WaitGroup
		wg.Go(func() {
			for end := n; ; {
				off, k, at := back.Back(gen)
				if k == 0 {
					return
				}
				if off+k != end || at != uintptr(round) {
					t.Errorf("round %d: the sender takes %d bytes from %d on, for %d, and not up to %d", round, k, off, at, end)
				}
				end = off
				theirs.Add(k)
			}
		})
		mine := int64(0)
		for {
			off, k := front.Front(gen)
			if k == 0 {
				break
			}
			if off != mine {
				t.Errorf("round %d: the receiver takes %d bytes from %d on, not from %d", round, k, off, mine)
			}
			mine += k
		}
		wg.Wait()
		if end := front.Close(gen); mine+theirs.Load() != n || end != mine {
			t.Fatalf("round %d: %d and %d bytes of %d are taken, and the sender's begin at %d", round, mine, theirs.Load(), n, end)
		}
		if _, k, _ := back.Back(gen - 1); k != 0 {
			t.Fatalf("round %d: %d bytes of the message before", round, k)
		}
	}
}
