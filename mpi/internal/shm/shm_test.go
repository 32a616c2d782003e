package shm

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func memory(t testing.TB) int {
	t.Helper()
	fd, err := unix.MemfdCreate("shm-test", 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return fd
}

func mapped(t testing.TB, fd, n, me int) *Segment {
	t.Helper()
	s, err := Map(fd, n, me)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// fill makes record i: its number, then bytes that depend on it.
func fill(b []byte, i int) {
	for k := range b {
		b[k] = byte(i + k)
	}
	if len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, uint64(i))
	}
}

// onHeap is a ring in memory of Go's, where the race detector sees every access: to memory that is mapped
// it is blind. It is as small as the records of TestRing allow, so that both ends wait.
func onHeap(size int) (*Writer, *Reader) {
	memory := make([]uint64, size/8)
	r := ring{head: new(atomic.Uint64), hungry: new(atomic.Uint32), room: new(uint32),
		data: unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), size)}
	return &Writer{ring: r}, &Reader{ring: r}
}

// TestRing sends records of all lengths between two goroutines and checks every byte. Under the race
// detector it checks that all accesses are ordered.
func TestRing(t *testing.T) {
	t.Run("mapped", func(t *testing.T) {
		fd := memory(t)
		stream(t, mapped(t, fd, 2, 0).Out(1), mapped(t, fd, 2, 1).In(0))
	})
	t.Run("heap", func(t *testing.T) {
		w, r := onHeap(16 << 10)
		stream(t, w, r)
	})
}

func stream(t *testing.T, w *Writer, r *Reader) {
	const records = 20000
	lengths := func(i int) int {
		if i%50 == 0 {
			return 0
		}
		return rand.New(rand.NewPCG(1, uint64(i))).IntN(3000)
	}
	go func() {
		for i := range records {
			n := lengths(i)
			b := w.Reserve(n)
			for i%2 == 0 && b == nil { // as a writer that parks
				for atomic.LoadUint32(w.Room()) == 0 {
					runtime.Gosched()
				}
				b = w.Reserve(n)
			}
			for ; b == nil; b = w.Reserve(n) {
				runtime.Gosched()
			}
			fill(b, i)
			w.Publish()
		}
	}()
	want := make([]byte, 3000)
	for i := range records {
		var b []byte
		for b = r.Next(); b == nil; b = r.Next() {
			runtime.Gosched()
		}
		fill(want[:lengths(i)], i)
		if string(b) != string(want[:lengths(i)]) {
			t.Fatalf("record %d of %d bytes came wrong", i, lengths(i))
		}
		r.Release(len(b))
	}
	if b := r.Next(); b != nil {
		t.Fatalf("a record of %d bytes that nobody sent", len(b))
	}
}

// TestFull fills the ring to the brim with the longest records, drains it,
// and does so again: a writer that waits always gets room.
func TestFull(t *testing.T) {
	fd := memory(t)
	a := mapped(t, fd, 2, 0)
	w, r := a.Out(1), mapped(t, fd, 2, 1).In(0)
	for round := range 10 {
		sent := 0
		for w.Reserve(a.MaxRecord()) != nil {
			w.Publish()
			sent++
		}
		if sent == 0 {
			t.Fatalf("round %d: an empty ring has no room", round)
		}
		for range sent {
			b := r.Next()
			if len(b) != a.MaxRecord() {
				t.Fatalf("round %d: a record of %d bytes, want %d", round, len(b), a.MaxRecord())
			}
			r.Release(len(b))
		}
	}
}

// TestReach runs a second process: its memory is read directly, and a wrong
// word or a vanished process is noticed.
func TestReach(t *testing.T) {
	if os.Getenv("SHM_TEST_CHILD") != "" {
		s, err := Map(3, 2, 1)
		if err != nil {
			os.Exit(1)
		}
		data := bytes.Clone([]byte("read me from afar")) // not where constants are
		rec := s.Out(0)
		binary.LittleEndian.PutUint64(rec.Reserve(8), uint64(uintptr(unsafe.Pointer(&data[0]))))
		rec.Publish()
		os.Stdin.Read(make([]byte, 1)) // until the parent is done
		if string(data) != "read me and write" {
			os.Exit(2)
		}
		os.Exit(0)
	}
	fd := memory(t)
	s := mapped(t, fd, 2, 0)
	if s.Reach(1) {
		t.Fatal("a rank that has not come yet is reachable")
	}
	child := exec.Command(os.Args[0], "-test.run=TestReach")
	child.Env = append(os.Environ(), "SHM_TEST_CHILD=1")
	child.ExtraFiles = []*os.File{os.NewFile(uintptr(dup(t, fd)), "memory")}
	stdin, _ := child.StdinPipe()
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	in := s.In(1)
	var rec []byte
	for end := time.Now().Add(10 * time.Second); rec == nil && time.Now().Before(end); rec = in.Next() {
		runtime.Gosched()
	}
	if rec == nil {
		t.Fatal("the child says nothing")
	}
	addr := uintptr(binary.LittleEndian.Uint64(rec))
	if !s.Reach(1) {
		t.Error("the child's memory cannot be read (Yama or seccomp?)")
	}
	got := make([]byte, 17)
	if n := s.Read(1, unsafe.Pointer(&got[0]), addr, len(got)); n != len(got) || string(got) != "read me from afar" {
		t.Errorf("read %d bytes: %q", n, got)
	}
	if n := s.Write(1, addr+8, unsafe.Pointer(unsafe.StringData("and write")), 9); n != 9 {
		t.Errorf("wrote %d bytes of 9", n)
	}
	stdin.Close()
	if err := child.Wait(); err != nil {
		t.Errorf("the child, whose memory was written: %v", err)
	}
	if n := s.Read(1, unsafe.Pointer(&got[0]), addr, len(got)); n != 0 || s.Reach(1) {
		t.Errorf("read %d bytes of a process that has ended", n)
	}
}

func dup(t *testing.T, fd int) int {
	t.Helper()
	d, err := unix.Dup(fd)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func BenchmarkRing(b *testing.B) {
	fd := memory(b)
	w, r := mapped(b, fd, 2, 0).Out(1), mapped(b, fd, 2, 1).In(0)
	b.ReportAllocs()
	for b.Loop() {
		w.Reserve(40)
		w.Publish()
		r.Release(len(r.Next()))
	}
}

// TestRoom: a writer that found no room is told when there is some, exactly by
// the reader's release that gives it.
func TestRoom(t *testing.T) {
	fd := memory(t)
	a := mapped(t, fd, 2, 0)
	w, r := a.Out(1), mapped(t, fd, 2, 1).In(0)
	for w.Reserve(1000) != nil {
		w.Publish()
	}
	told := false
	for !told {
		if *w.Room() != 0 {
			t.Fatal("room before the reader has released anything")
		}
		b := r.Next()
		if b == nil {
			t.Fatal("the ring is empty and the writer was not told")
		}
		told = r.Release(len(b))
	}
	if *w.Room() != 1 || w.Reserve(1000) == nil {
		t.Error("the writer was told of room and finds none")
	}
}
