package mpi

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUnread: what has been written and not read is seen, in whatever a launcher may have made of a rank's output.
func TestUnread(t *testing.T) {
	pair := func(what string, open func() (r, w int, err error)) {
		r, w, err := open()
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(r)
		defer unix.Close(w)
		want := func(when string, want bool) {
			t.Helper()
			if got := unread(w); got != want {
				t.Errorf("%s, %s: unread %v", what, when, got)
			}
		}
		want("new", false)
		if _, err := unix.Write(w, []byte("why")); err != nil {
			t.Fatal(err)
		}
		want("written", true)
		if n, err := unix.Read(r, make([]byte, 9)); n != 3 {
			t.Fatal(n, err)
		}
		want("read", false)
	}
	pair("pipe", func() (int, int, error) {
		var p [2]int
		err := unix.Pipe(p[:])
		return p[0], p[1], err
	})
	pair("socket", func() (int, int, error) {
		p, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return p[0], p[1], err
	})
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.WriteString("why")
	if unread(int(f.Fd())) || unread(-1) {
		t.Error("a file, or nothing, waits for a reader")
	}
}
