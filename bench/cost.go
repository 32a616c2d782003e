package bench

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"rainmpi/bench/lab"
)

// A Costing measures how much of the processors a stream between two hosts takes:
// all processors of the machine, the kernel's work included, which no process is
// charged for. Nothing else may run meanwhile.
type Costing struct {
	Impls   []*Impl
	Progs   map[string]string // by implementation: the compiled program
	Size    string            // of a message
	Runs    int
	Seconds float64 // that are measured of each run; the first is not

	// Place makes the lab.
	Place func(context.Context, lab.Config) (s Setting, end func(), err error)
}

// A Cost is what one stream took.
type Cost struct {
	Who   string    `json:"who"`
	MBps  []float64 `json:"MB/s"`     // by run
	PerGB []float64 `json:"cpu_s/GB"` // processor seconds per 10⁹ bytes, by run
}

// TCP is the name of iperf3's stream among the costs.
const TCP = "tcp"

// Run takes turns, run by run: each implementation, then TCP.
func (b *Costing) Run(ctx context.Context, tell func(*Cost)) ([]*Cost, error) {
	place, end, err := b.Place(ctx, lab.Config{Rails: 1})
	if err != nil {
		return nil, err
	}
	defer end()
	var costs []*Cost
	for _, i := range b.Impls {
		costs = append(costs, &Cost{Who: i.Name})
	}
	costs = append(costs, &Cost{Who: TCP})
	for range b.Runs {
		for k, c := range costs {
			stream := func(ctx context.Context) (flow, error) {
				ticks, zero, err := TCPStream{Lab: place.Lab, Seconds: b.Seconds + extra}.Run(ctx)
				return flow{ticks: ticks, zero: zero}, err
			}
			if k < len(b.Impls) {
				stream = func(ctx context.Context) (flow, error) { return b.stream(ctx, place, b.Impls[k]) }
			}
			if err := c.measure(ctx, stream, b.Seconds); err != nil {
				return costs, fmt.Errorf("%s: %w", c.Who, err)
			}
			if tell != nil {
				tell(c)
			}
		}
	}
	return costs, nil
}

func (b *Costing) stream(ctx context.Context, place Setting, i *Impl) (flow, error) {
	s := Stream{Impl: i, Setting: place, Prog: b.Progs[i.Name], Ranks: 2, Size: b.Size, Seconds: b.Seconds + extra,
		Limit: seconds(b.Seconds) + 30*time.Second}.Run(ctx)
	return flow{s.Ticks, s.Zero, s.Wrong}, s.Err
}

// measure reads the processors' clocks all the time, and afterwards takes those
// of the part in which the stream was steady.
func (c *Cost) measure(ctx context.Context, stream func(context.Context) (flow, error), length float64) error {
	type reading struct {
		at   time.Time
		busy float64
	}
	var readings []reading
	var readErr error
	over := make(chan struct{})
	var work sync.WaitGroup
	work.Go(func() {
		every := time.NewTicker(100 * time.Millisecond)
		defer every.Stop()
		for {
			select {
			case <-over:
				return
			case at := <-every.C:
				busy, err := busyTime()
				if err != nil {
					readErr = err
					return
				}
				readings = append(readings, reading{at, busy})
			}
		}
	})
	f, err := stream(ctx)
	close(over)
	work.Wait()
	if err != nil {
		return err
	}
	if readErr != nil {
		return readErr
	}
	from, to := f.zero.Add(time.Second), f.zero.Add(seconds(1+length))
	var inside []reading
	for _, r := range readings {
		if r.at.After(from) && r.at.Before(to) {
			inside = append(inside, r)
		}
	}
	if len(inside) < 2 {
		return fmt.Errorf("the stream lasted too short to measure it")
	}
	first, last := inside[0], inside[len(inside)-1]
	rate := f.mean(first.at, last.at)
	if rate <= 0 {
		return fmt.Errorf("no message came while it was measured")
	}
	c.MBps = append(c.MBps, rate)
	c.PerGB = append(c.PerGB, (last.busy-first.busy)/(rate/1e3*last.at.Sub(first.at).Seconds()))
	return nil
}

// userHZ is in what part of a second Linux tells times to programs: "in units of
// USER_HZ (1/100ths of a second on most architectures" (proc_stat(5)).
const userHZ = 100

// busyTime is how long the machine's processors have worked since it started,
// seconds, of all together.
func busyTime() (float64, error) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	return readBusy(b)
}

func readBusy(stat []byte) (float64, error) {
	var user, nice, system, idle, wait, irq, softirq float64
	if _, err := fmt.Sscanf(string(stat), "cpu %g %g %g %g %g %g %g", &user, &nice, &system, &idle, &wait, &irq, &softirq); err != nil {
		return 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return (user + nice + system + irq + softirq) / userHZ, nil
}

// Busy says how much of all processors other work takes now, 0 to 1.
func Busy(during time.Duration, processors int) (float64, error) {
	before, err := busyTime()
	if err != nil {
		return 0, err
	}
	time.Sleep(during)
	after, err := busyTime()
	return (after - before) / during.Seconds() / float64(processors), err
}
