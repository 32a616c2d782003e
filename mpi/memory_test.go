package mpi

import (
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/shm"
)

// TestWatchedWordFollowsWrap: the reader looks while the writer has gone to the
// start of the ring and has not yet published there. The word that a waiter
// looks at must be the one that the record will appear in.
func TestWatchedWordFollowsWrap(t *testing.T) {
	fd, err := unix.MemfdCreate("ring", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	sender, err := shm.Map(fd, 2, 0)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := shm.Map(fd, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	e, err := bareEngine(defaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMemory(receiver, e.wait)
	if err != nil {
		t.Fatal(err)
	}
	m.add(e, &proc{local: 0})

	out, size := sender.Out(1), sender.MaxRecord()/3
	nobody := header{kind: kindData, id: 1 << 40} // of a request that is not there: taken and forgotten
	for i := range 100 {
		b := out.Reserve(size)
		if b == nil {
			t.Fatalf("record %d: no room in a ring that is empty", i)
		}
		nobody.encode(b)
		// The record is reserved, at the start of the ring perhaps, and not published.
		if m.poll(e) {
			t.Fatalf("record %d was taken before it was published", i)
		}
		out.Publish()
		if atomic.LoadUint32(e.wait.set.Words[0]) == 0 {
			t.Fatalf("record %d is there and the watched word does not tell", i)
		}
		if !m.poll(e) {
			t.Fatalf("record %d was not taken", i)
		}
	}
}
