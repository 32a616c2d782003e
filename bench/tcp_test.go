package bench

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

func TestReadIperf(t *testing.T) {
	failed := errors.New("exit status 1")
	ticks, elapsed, err := readIperf([]byte(`{"intervals":[{"sum":{"start":0,"end":0.1,"bits_per_second":8e8}},
		{"sum":{"start":0.1,"end":0.25,"bits_per_second":4e8}}],"end":{}}`), nil)
	if err != nil || elapsed != 250*time.Millisecond || len(ticks) != 2 || ticks[0] != (Tick{At: 0.1, MBps: 100}) || ticks[1].MBps != 50 {
		t.Errorf("%+v, %v, %v", ticks, elapsed, err)
	}
	for _, c := range []struct {
		out    string
		failed error
		says   string
	}{
		{`{"error":"unable to connect to server"}`, failed, "unable to connect"},
		{"iperf3: unknown option", nil, "no JSON"},
		{"iperf3: unknown option", failed, "exit status 1"},
		{`{"intervals":[{"sum":{"end":1}}]}`, failed, "exit status 1"},
		{`{"intervals":[]}`, nil, "no intervals"},
	} {
		if _, _, err := readIperf([]byte(c.out), c.failed); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s, %v: %v", c.out, c.failed, err)
		}
	}
}

func TestReadBusy(t *testing.T) {
	if got, err := readBusy([]byte("cpu  100 20 30 4000 500 6 7 8 0 0\ncpu0 1 1 1 1\n")); err != nil || got != 1.63 {
		t.Errorf("%g s, %v", got, err)
	}
	if _, err := readBusy([]byte("cpu  100\n")); err == nil {
		t.Error("a line cut short is read")
	}
}

// placeScripted makes a lab whose jobs are those of a script.
func placeScripted(_ context.Context, cfg lab.Config) (Setting, func(), error) {
	l, err := lab.New(context.Background(), cfg)
	if err != nil {
		return Setting{}, nil, err
	}
	return Setting{Lab: l}, func() { l.Close() }, nil
}

// A stream that tells the same rate all the time, and is on the rail's counters not
// at all.
const steadyScript = `for i in 0 1 2 3 4; do for k in 1 2 3 4 5 6 7 8 9; do echo "{\"at\":$i.$k,\"MB/s\":50,\"gap\":0.001}"; sleep 0.1; done; done
echo '{"test":"gap","value":0.001,"messages":70,"wrong":1}'`

// Both are there, and only the time is counted in which they are.
func TestSharing(t *testing.T) {
	needIperf(t)
	b := Sharing{Impl: scripted(steadyScript), Prog: "-", Rate: 100e6, Seconds: 2, Place: placeScripted}
	s, err := b.BesideTCP(t.Context(), "cubic")
	if err != nil {
		t.Fatal(err)
	}
	if s.MBps[0] != 50 || s.MBps[1] < 1 || s.MBps[1] > 13 || s.What[1] != "TCP cubic" || s.Wrong != 1 {
		t.Errorf("%+v: want 50 of the script's, and at most the rail's 12.5 of TCP's", s)
	}
	bars := s.Bars()
	if len(bars) != 3 || !bars[0].Passed() || bars[2].Passed() {
		t.Errorf("%v: want the script's passed, and its wrong message not", bars)
	}
	if _, err := b.BesideTCP(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), "iperf3 between h1 and h2") {
		t.Errorf("a control of congestion that there is not: %v", err)
	}
	two, err := b.TwoJobs(t.Context())
	if err != nil || two.MBps != [2]float64{50, 50} || two.Wrong != 2 {
		t.Errorf("%+v, %v", two, err)
	}
}

// The processors' work is counted for as long as the stream is steady.
func TestCosting(t *testing.T) {
	needIperf(t)
	b := Costing{Impls: []*Impl{scripted(steadyScript)}, Progs: map[string]string{}, Size: "1M", Runs: 1, Seconds: 1, Place: placeScripted}
	told := 0
	costs, err := b.Run(t.Context(), func(*Cost) { told++ })
	if err != nil || len(costs) != 2 || told != 2 {
		t.Fatalf("%+v, %v, told %d", costs, err, told)
	}
	for _, c := range costs {
		if len(c.PerGB) != 1 || c.PerGB[0] <= 0 || math.IsInf(c.PerGB[0], 0) {
			t.Errorf("%+v", c)
		}
	}
	if script, tcp := costs[0], costs[1]; script.MBps[0] != 50 || tcp.Who != TCP || tcp.MBps[0] <= 0 || tcp.MBps[0] == 50 {
		t.Errorf("%+v, %+v", script, tcp)
	}
}

func needIperf(t *testing.T) {
	t.Helper()
	lab.Start(t, lab.Config{Hosts: 1, Rails: 1}).Close()
	if err := FindIperf(); err != nil {
		t.Skip(err)
	}
}
