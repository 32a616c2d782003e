package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"rainmpi/bench/lab"
)

// A TCPStream is one TCP connection from the first host of a lab to the last over
// its first rail, made by iperf3.
type TCPStream struct {
	Lab        *lab.Lab
	Congestion string // control of congestion: cubic, bbr, ...; empty: the kernel's default
	Seconds    float64
}

// iperfReport is the part of iperf3's JSON that is used here.
type iperfReport struct {
	Error     string
	Intervals []struct {
		Sum struct {
			End           float64
			BitsPerSecond float64 `json:"bits_per_second"`
		}
	}
}

// FindIperf says whether iperf3 is installed.
func FindIperf() error {
	if _, err := exec.LookPath("iperf3"); err != nil {
		return fmt.Errorf("bench: the TCP stream is made by iperf3: %w: apt-get install iperf3", err)
	}
	return nil
}

// Run returns the sender's rate, a tick each tenth of a second, and when its clock
// was 0.
func (s TCPStream) Run(ctx context.Context) (ticks []Tick, zero time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, seconds(s.Seconds)+20*time.Second)
	defer cancel()
	from, to := s.Lab.Hosts[0], s.Lab.Hosts[len(s.Lab.Hosts)-1]
	addr := to.Addr(0).String()
	server := to.CommandContext(ctx, "iperf3", "--server", "--one-off", "--bind", addr)
	if err := server.Start(); err != nil {
		return nil, zero, err
	}
	defer server.Wait() // after cancel
	defer cancel()
	args := []string{"--client", addr, "--json", "--interval", "0.1", "--time", fmt.Sprint(s.Seconds)}
	if s.Congestion != "" {
		args = append(args, "--congestion", s.Congestion)
	}
	for end := time.Now().Add(15 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		out, err := from.CommandContext(ctx, "iperf3", args...).Output()
		ticks, elapsed, err := readIperf(out, err)
		if err == nil {
			return ticks, time.Now().Add(-elapsed), nil
		}
		if yet := strings.Contains(err.Error(), "unable to connect"); !yet || ctx.Err() != nil || time.Now().After(end) {
			return nil, zero, fmt.Errorf("bench: iperf3 between %s and %s: %w", from.Name, to.Name, err)
		}
	}
}

// readIperf reads what iperf3 printed. elapsed is how long the connection lasted.
func readIperf(out []byte, failed error) (ticks []Tick, elapsed time.Duration, err error) {
	var r iperfReport
	if err := json.Unmarshal(out, &r); err != nil {
		if failed != nil {
			return nil, 0, failed
		}
		return nil, 0, fmt.Errorf("it printed no JSON: %w", err)
	}
	switch {
	case r.Error != "":
		return nil, 0, fmt.Errorf("it says: %s", r.Error)
	case failed != nil:
		return nil, 0, failed
	case len(r.Intervals) == 0:
		return nil, 0, fmt.Errorf("it reports no intervals")
	}
	for _, i := range r.Intervals {
		ticks = append(ticks, Tick{At: i.Sum.End, MBps: i.Sum.BitsPerSecond / 8e6})
	}
	return ticks, seconds(ticks[len(ticks)-1].At), nil
}
