package history

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var (
	t0   = time.Date(2026, 11, 27, 11, 40, 0, 0, time.UTC)
	low  = End{3, [4]byte{1, 2, 3, 4}}
	high = End{9, [4]byte{0xff}}
)

// entries are one end's transitions at the given milliseconds, from epoch 1 on.
func entries(self, peer End, ms ...int) (list []Entry) {
	for i, at := range ms {
		list = append(list, Entry{At: t0.Add(time.Duration(at) * time.Millisecond), Self: self, Peer: peer, Path: 0x0102,
			Epoch: uint32(i + 1), Up: i%2 == 0, Local: "10.0.0.1 eth0", Remote: "fd77::1 eth1", Cause: "no answer for its time-out"})
	}
	return list
}

// write makes the log of one end in a file of its own.
func write(t *testing.T, self End, name string, list []Entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log."+name)
	l, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	l.Begin(self, 2, "rank on "+name)
	for _, e := range list {
		l.Add(e)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func compare(t *testing.T, a, b []Entry) Verdict {
	t.Helper()
	var l Logs
	for _, path := range []string{write(t, low, "a", a), write(t, high, "b", b)} {
		if err := l.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	v := l.Compare()
	if len(v) != 1 {
		t.Fatalf("%d verdicts: %+v", len(v), v)
	}
	return v[0]
}

func TestRoundTrip(t *testing.T) {
	e := entries(low, high, 7)[0]
	got, err := parseEntry(e.String())
	e.Local, e.Remote = "10.0.0.1%eth0", "fd77::1%eth1" // one field each
	if err != nil || got != e {
		t.Errorf("%v\n%+v\n%+v", err, got, e)
	}
}

func TestCompare(t *testing.T) {
	far := 3_600_000 // the other host's clock is an hour ahead
	for _, c := range []struct {
		what string
		a, b []int
		want string // empty: they agree
	}{
		{"the same", []int{1, 500, 900}, []int{1, 501, 899}, ""},
		{"clocks that differ", []int{1, 500, 900}, []int{far + 1, far + 501, far + 899}, ""},
		{"two ahead", []int{1, 500, 900}, []int{1}, ""},
		{"nothing at one end", []int{1, 500}, nil, ""},
		{"three ahead", []int{1, 500, 900, 950}, []int{1}, "log.a:5: epoch 4 of path 1-2, when rank on b had made 1 transitions: more than 2 ahead"},
		{"three ahead at the other end", nil, []int{1, 2, 3}, "log.b:4: epoch 3"},
		{"time runs back", []int{1, 500, 400}, []int{1, 500, 600}, "log.a:4: its time is before that of"},
		// Whatever the clocks show: epoch 3 of a is after epoch 1 of b, and epoch 5 of b after epoch 3 of a.
		{"a clock behind", []int{1, 2, 3, 4, 5, 6, 7}, []int{100, 101, 102, 103, 104, 105, 106}, ""},
		{"too soon", []int{1, 2, 3, 1000, 1001, 1002}, []int{500, 501, 502, 503, 504, 505}, "whatever the clocks show"},
	} {
		v := compare(t, entries(low, high, c.a...), entries(high, low, c.b...))
		wrong := strings.Join(v.Wrong, "\n")
		if (c.want == "") != v.Agree() || !strings.Contains(wrong, c.want) {
			t.Errorf("%s: %v: %q, want %q", c.what, v.String(), wrong, c.want)
		}
	}
}

// A log of one end proves nothing.
func TestOneEnd(t *testing.T) {
	var l Logs
	if err := l.ReadFile(write(t, low, "a", entries(low, high, 1))); err != nil {
		t.Fatal(err)
	}
	v := l.Compare()[0]
	if v.Agree() || v.Proved() || !strings.Contains(v.String(), "there is no log of 9.ff000000") {
		t.Errorf("%v", v.String())
	}
	var text strings.Builder
	v.Print(&text, true)
	if !strings.Contains(text.String(), "1 up     11:40:00.001000 no answer") {
		t.Errorf("%s", text.String())
	}
}

// What is no log is named by file and line.
func TestBadInput(t *testing.T) {
	good := "# rainnet history 1 3.01020304 slack 2 a\n"
	line := entries(low, high, 1)[0].String()
	for _, c := range []struct{ text, want string }{
		{good + "hello\n", "f:2: 1 fields of 9"},
		{line + "\n", "f:1: a transition of 3.01020304, of whom no line above says that its log begins"},
		{good + good, "f:2: the log of 3.01020304 begins a second time; the first is at f:1"},
		{"# rainnet history 2 3.01020304 slack 2 a\n", "f:1: a log of another version than 1"},
		{"# rainnet history 1 3.01020304 slack 1 a\n", `f:1: "1" is no slack`},
		{"# rainnet history 1 3.01020304\n", "does not say who"},
		{"# rainnet history 1 x slack 2 a\n", `"x" is no end`},
		{good + "# a comment\n\n" + strings.Replace(line, " 1-2 ", " 12 ", 1), "f:4:"},
		{good + strings.Replace(line, " 1-2 ", " 1-256 ", 1), `"1-256" is no path`},
		{good + strings.Replace(line, " 1 up", " 0 up", 1), `"0" is no epoch`},
		{good + strings.Replace(line, " up ", " high ", 1), `"high" is no state`},
		{good + strings.Replace(line, "2026-", "26-", 1), "is no time"},
		{good + strings.Replace(line, "9.ff", "9-ff", 1), "is no end"},
		{good + strings.Repeat("x", 1<<17), "f:2: "},
	} {
		var l Logs
		if err := l.Read(strings.NewReader(c.text), "f"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80q: %v, want %q", c.text, err, c.want)
		}
	}
	if err := new(Logs).ReadFile("/no/such/log"); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
	if _, err := Create("/no/such/folder/log"); err == nil || !strings.Contains(err.Error(), "the history of paths") {
		t.Errorf("%v", err)
	}
}

// FuzzRead: no text makes the reader or the comparison panic.
func FuzzRead(f *testing.F) {
	f.Add("# rainnet history 1 3.01020304 slack 2 a\n# rainnet history 1 9.ff000000 slack 2 b\n" +
		entries(low, high, 1)[0].String() + "\n" + entries(high, low, 2)[0].String())
	f.Fuzz(func(t *testing.T, text string) {
		var l Logs
		if l.Read(strings.NewReader(text), "f") != nil {
			return
		}
		for _, v := range l.Compare() {
			v.Print(&strings.Builder{}, true)
		}
	})
}
