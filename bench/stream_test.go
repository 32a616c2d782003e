package bench

import (
	"errors"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// scripted is an implementation whose programs are a shell script.
func scripted(script string) *Impl {
	return &Impl{Name: "script", launch: func(*Setting, int) []string { return []string{"sh", "-c", script} }}
}

// streamOf runs a script in the place of a stream, with faults, in a lab of its own.
func streamOf(t *testing.T, script string, limit time.Duration, faults ...lab.Event) (Streamed, *lab.Lab) {
	t.Helper()
	l := lab.Start(t, lab.Config{})
	return Stream{Impl: scripted(script), Setting: Setting{Lab: l}, Prog: "-", Ranks: 2, Size: "1k", Seconds: 1,
		Faults: faults, Limit: limit, Watch: 5 * time.Millisecond}.Run(t.Context()), l
}

func stateOf(t *testing.T, l *lab.Lab) (states []string) {
	t.Helper()
	st, err := l.Status()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range st.Rails {
		for _, c := range r.Cables {
			states = append(states, c.State)
		}
	}
	return states
}

var cutSecond = lab.Event{At: 50 * time.Millisecond, Fault: lab.Fault{Kind: lab.KindCut, Rail: "rail2", Host: "h2"}}

// Faults come by the receiver's clock, what the program tells is read, and what is
// still broken in the end is mended.
func TestStream(t *testing.T) {
	const script = `for i in 1 2 3 4 5 6; do echo "{\"at\":0.${i},\"MB/s\":100,\"gap\":0.00$i}"; sleep 0.1; done
echo '{"test":"stream","value":99.5,"messages":70}'
echo '{"test":"gap","value":0.25,"messages":70,"wrong":6}'
echo '{"test":"lost","value":1,"messages":70}'
echo '{"test":"duplicated","value":2,"messages":70}'
echo '{"test":"corrupted","value":3,"messages":70}'`
	seen := make(chan string, 10)
	l := lab.Start(t, lab.Config{})
	event := cutSecond
	event.At = 300 * time.Millisecond
	out := Stream{Impl: scripted(script), Setting: Setting{Lab: l}, Ranks: 2, Faults: []lab.Event{event}, Limit: time.Minute,
		Watch: 5 * time.Millisecond, OnFault: func(f lab.Fault) { seen <- f.String() }}.Run(t.Context())
	if out.Err != nil || out.MBps != 99.5 || out.Gap != 0.25 || out.Messages != 70 || out.Lost != 1 || out.Duplicated != 2 || out.Corrupted != 3 || out.Wrong != 6 {
		t.Errorf("%+v", out)
	}
	if len(out.Ticks) != 6 || out.Ticks[5].Gap != 0.006 || len(out.Rails) < 10 || len(out.Rails[0].Sent) != 2 || len(out.Shares) != 2 {
		t.Errorf("%d ticks, %d samples, shares %v", len(out.Ticks), len(out.Rails), out.Shares)
	}
	if len(out.Faults) != 2 || out.Faults[0].Fault != "cut:rail2@h2" || out.Faults[0].At < 0.29 || out.Faults[1].Fault != "mend:rail2" {
		t.Errorf("faults %+v", out.Faults)
	}
	if a, b := <-seen, <-seen; a != "cut:rail2@h2" || b != "mend:rail2" {
		t.Errorf("told of %s, %s", a, b)
	}
	if got := stateOf(t, l); slices.ContainsFunc(got, func(s string) bool { return s != "ok" }) {
		t.Errorf("cables are left as %v", got)
	}
}

// A program that stops to tell the time is ended, and the time in which nothing
// came counts as a gap up to that end. Its rails are mended as well.
func TestStreamThatHangs(t *testing.T) {
	out, l := streamOf(t, `echo '{"at":0.01,"MB/s":100,"gap":0.001}'; sleep 60`, 3*time.Second, cutSecond)
	if !errors.Is(out.Err, ErrTimeout) || len(out.Faults) != 2 {
		t.Errorf("%v, %+v", out.Err, out.Faults)
	}
	if gap := out.LongestGap(0.05); gap < 0.3 || gap > 20 {
		t.Errorf("a gap of %g s", gap)
	}
	if got := stateOf(t, l); slices.ContainsFunc(got, func(s string) bool { return s != "ok" }) {
		t.Errorf("cables are left as %v", got)
	}
}

// A fault that cannot be done fails the run.
func TestStreamWithoutItsFault(t *testing.T) {
	out, _ := streamOf(t, `echo '{"at":0.01,"MB/s":100}'; sleep 0.3`, time.Minute, lab.Event{Fault: lab.Fault{Kind: lab.KindCut, Rail: "rail9"}})
	if out.Err == nil || len(out.Faults) != 0 {
		t.Errorf("%v, %+v", out.Err, out.Faults)
	}
}

// ticks are one of each 10 ms with the given rates.
func ticks(rates ...float64) (list []Tick) {
	for i, r := range rates {
		list = append(list, Tick{At: float64(i+1) / 100, MBps: r})
	}
	return list
}

func TestReached(t *testing.T) {
	rates := slices.Concat(slices.Repeat([]float64{0}, 20), slices.Repeat([]float64{100}, 30))
	s := Streamed{Ticks: ticks(rates...)}
	if got := s.Reached(0.05, 95); got < 0.14 || got > 0.16 {
		t.Errorf("reached after %g s, want 0.15", got)
	}
	if got := s.Reached(0.05, 101); !math.IsNaN(got) {
		t.Errorf("a rate that it never has is reached after %g s", got)
	}
	// One fast tick is not a rate.
	rates[3] = 100
	if got := (&Streamed{Ticks: ticks(rates...)}).Reached(0.01, 95); got < 0.18 {
		t.Errorf("reached after %g s by one tick", got)
	}
}

// The stream test tells a message that is lost from one that came twice and one that is damaged.
func TestStreamJudges(t *testing.T) {
	impl, err := find(RainMPI, "../build")
	if err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	prog := filepath.Join(t.TempDir(), "judge")
	if out, err := exec.Command(impl.cc[0], "-O2", "-Ic", "-o", prog, "testdata/judge.c", "c/check.c").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, c := range []struct{ messages, want string }{ // lost, twice, damaged
		{"0 1 2 3", "0 0 0"},
		{"0 1 3 4", "1 0 0"},
		{"2 3", "2 0 0"},
		{"0 1 1 2", "0 1 0"},
		{"0 1 2 0 3", "0 1 0"},
		{"0 2 1 3", "1 1 0"}, // they come in order, if all is well
		{"0 1x 2", "0 0 1"},
		{"0 1y 2", "0 0 1"},
		{"0 1n 2", "0 0 1"},
		{"0x 0 1", "0 1 1"},
		{"0 1x 4 4 5", "2 1 1"},
	} {
		for _, size := range []string{"9", "64", "65536"} {
			if got, err := exec.Command(prog, append([]string{size}, strings.Fields(c.messages)...)...).Output(); err != nil || strings.TrimSpace(string(got)) != c.want {
				t.Errorf("%s, %s bytes: %s, %v, want %s", c.messages, size, got, err, c.want)
			}
		}
	}
	// Shorter than its number, a message is damaged if it is not the next one.
	if got, err := exec.Command(prog, "4", "0", "1", "3", "3").Output(); err != nil || strings.TrimSpace(string(got)) != "0 0 1" {
		t.Errorf("4 bytes: %s, %v", got, err)
	}
}
