package simnet

import (
	"fmt"
	"slices"
)

// transfer checks the bulk data of one token: every byte is written once, with
// the right content, into a memory whose surroundings stay untouched; nobody
// writes after Done or Forget, and nobody reads the source after Sent. It is
// the source at one end and the sink at the other.
type transfer struct {
	fail  func(format string, args ...any)
	moved *int64 // counts the bytes that arrive
	token uint64
	n     int64
	key   uint64

	got     spans // written so far
	written int64
	done    bool // BulkDone was reported
	forgot  bool // Forget was called
	sent    bool // BulkSent was reported
	started bool // SendBulk was called

	memory []byte // what Bytes returned last
}

// ReadAt is the source.
func (x *transfer) ReadAt(p []byte, off int64) {
	if x.sent {
		x.fail("token %d: source read at %d after BulkSent", x.token, off)
	}
	if off < 0 || off+int64(len(p)) > x.n {
		x.fail("token %d: source read from %d to %d of %d bytes", x.token, off, off+int64(len(p)), x.n)
		return
	}
	fill(p, x.key, uint64(off))
}

// Bytes makes every other transfer one whose packets are made where it lies. That memory is the checker's
// until the source is read again.
func (x *transfer) Bytes(off, n int64) []byte {
	if x.token%2 == 0 {
		return nil
	}
	x.memory = slices.Grow(x.memory[:0], int(n))[:n]
	x.ReadAt(x.memory, off)
	return x.memory
}

// WriteAt is the sink. The memory itself need not exist: what is written has to
// be right, inside, and new, at once.
func (x *transfer) WriteAt(p []byte, off int64) {
	switch {
	case x.done:
		x.fail("token %d: sink written at %d after BulkDone", x.token, off)
	case x.forgot:
		x.fail("token %d: sink written at %d after Forget", x.token, off)
	case off < 0 || off+int64(len(p)) > x.n:
		x.fail("token %d: sink written from %d to %d of %d bytes", x.token, off, off+int64(len(p)), x.n)
		return
	}
	if err := verify(p, x.key, uint64(off)); err != nil {
		x.fail("token %d: %v", x.token, err)
	}
	if !x.got.add(off, off+int64(len(p))) {
		x.fail("token %d: bytes from %d to %d written twice", x.token, off, off+int64(len(p)))
	}
	x.written += int64(len(p))
	*x.moved += int64(len(p))
}

func (x *transfer) onDone() {
	switch {
	case x.done:
		x.fail("token %d: BulkDone twice", x.token)
	case x.forgot:
		x.fail("token %d: BulkDone after Forget", x.token)
	case x.written != x.n:
		x.fail("token %d: BulkDone with %d of %d bytes", x.token, x.written, x.n)
	}
	x.done = true
}

func (x *transfer) onSent() {
	switch {
	case x.sent:
		x.fail("token %d: BulkSent twice", x.token)
	case !x.done && !x.forgot && x.written != x.n:
		x.fail("token %d: BulkSent with %d of %d bytes arrived", x.token, x.written, x.n)
	}
	x.sent = true
}

func (x *transfer) finished() bool { return x.sent && (x.done || x.forgot) }

func (x *transfer) String() string {
	return fmt.Sprintf("token %d: %d of %d bytes, started %v, done %v, forgotten %v, sent %v",
		x.token, x.written, x.n, x.started, x.done, x.forgot, x.sent)
}

// spans is a set of bytes as sorted, disjoint, half-open spans.
type spans [][2]int64

// add puts [lo, hi) in, and reports false if a byte of it was there.
func (s *spans) add(lo, hi int64) bool {
	if lo == hi {
		return true
	}
	v := *s
	i := len(v) // most writes are near the end
	for i > 0 && v[i-1][0] >= hi {
		i--
	}
	if i > 0 && v[i-1][1] > lo {
		return false
	}
	before, after := i > 0 && v[i-1][1] == lo, i < len(v) && v[i][0] == hi
	switch {
	case before && after:
		v[i-1][1] = v[i][1]
		v = append(v[:i], v[i+1:]...)
	case before:
		v[i-1][1] = hi
	case after:
		v[i][0] = lo
	default:
		v = append(v, [2]int64{})
		copy(v[i+1:], v[i:])
		v[i] = [2]int64{lo, hi}
	}
	*s = v
	return true
}
