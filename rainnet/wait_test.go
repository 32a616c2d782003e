package rainnet

import (
	"net"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// waits runs Wait until the clock says so much more than now, and gives how long it took.
func waits(e *Endpoint, most time.Duration, extra ...int) time.Duration {
	began := time.Now()
	e.Wait(Now()+int64(most), extra...)
	return time.Since(began)
}

// TestWait: by whichever way an endpoint waits, the clock, a packet and a descriptor of its caller's end it.
func TestWait(t *testing.T) {
	cfg := Config{Rails: []string{"127.0.0.1"}}
	a := newNode(t, 1, cfg)
	const forever = 20 * time.Second
	for _, short := range []time.Duration{100 * time.Microsecond, 4 * time.Millisecond} {
		if d := waits(a.e, short); d < short || d >= forever {
			t.Errorf("a wait of %v took %v", short, d)
		}
	}
	alarm := func() (read, write int) {
		var fds [2]int
		if err := unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		return fds[0], fds[1]
	}
	ring := func(fd int) { time.AfterFunc(5*time.Millisecond, func() { _, _ = unix.Write(fd, []byte{1}) }) }

	// Twice, as the poller says only what is new; the second pipe has the numbers of the first.
	for range 2 {
		r, w := alarm()
		for range 2 {
			ring(w)
			if d := waits(a.e, forever, r); d >= forever {
				t.Error("a descriptor of the caller's does not end Wait")
			}
			if d := waits(a.e, forever, r); d >= forever {
				t.Error("a descriptor that is readable already does not end Wait")
			}
			_, _ = unix.Read(r, make([]byte, 8))
		}
		unix.Close(r)
		unix.Close(w)
	}
	rail, err := net.Dial("udp", a.e.Card().Addrs[0].String())
	if err != nil {
		t.Fatal(err)
	}
	defer rail.Close()
	for range 3 {
		time.AfterFunc(5*time.Millisecond, func() { _, _ = rail.Write([]byte("from anybody")) })
		if d := waits(a.e, forever); d >= forever {
			t.Error("a packet does not end Wait")
		}
		a.e.Poll()
	}
	if err := a.e.Close(); err != nil {
		t.Fatal(err)
	}
	if d := waits(a.e, forever); d >= forever {
		t.Error("a closed endpoint waits")
	}
}

// TestWaitInTime: a wait ends when its time has come, and not when Go's scheduler or a timer of whole milliseconds gets to it:
// half of the waits are late by less than a quarter of a millisecond. The machine may be busy with others, so one
// good try of many is enough.
func TestWaitInTime(t *testing.T) {
	e := newNode(t, 1, Config{Rails: []string{"127.0.0.1"}}).e
	const tries, waitsEach, latest = 20, 21, 250 * time.Microsecond
	for _, asked := range []time.Duration{100 * time.Microsecond, 1700 * time.Microsecond, 4300 * time.Microsecond} {
		best := time.Hour
		for try := 0; try < tries && best >= latest; try++ {
			var late []time.Duration
			for range waitsEach {
				late = append(late, waits(e, asked)-asked)
			}
			slices.Sort(late)
			best = min(best, late[waitsEach/2])
		}
		t.Logf("a wait of %v is %v late", asked, best)
		if best >= latest {
			t.Errorf("a wait of %v is %v late in the median of the best of %d tries", asked, best, tries)
		}
	}
}
