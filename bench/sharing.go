package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"rainmpi/bench/lab"
)

// A Sharing measures what each of two flows gets that are on one rail at the same
// time: a job beside a TCP connection, and two jobs.
type Sharing struct {
	Impl    *Impl
	Prog    string
	Rate    uint64  // of the rail, bit/s
	Seconds float64 // how long both are there

	// Place makes the lab.
	Place func(context.Context, lab.Config) (s Setting, end func(), err error)
}

// A Shared is what both got, MB/s, from the second second on to the end.
type Shared struct {
	What  [2]string  `json:"flows"`
	MBps  [2]float64 `json:"MB/s"`
	Rate  uint64     `json:"rate"` // of the rail, bit/s
	Wrong uint64     `json:"wrong"`
}

// fairEnough is the part of the rail that each flow must get: half of its fair one.
const fairEnough = 0.25

// Bars are what both must get.
func (s *Shared) Bars() (bars []Bar) {
	line := float64(s.Rate) / 8e6
	for k, what := range s.What {
		bars = append(bars, Bar{What: fmt.Sprintf("%s beside %s, of the rail", what, s.What[1-k]),
			Value: s.MBps[k] / line, Least: fairEnough, Unit: "times"})
	}
	return append(bars, Bar{What: "wrong messages", Value: float64(s.Wrong), Most: true})
}

// BesideTCP puts a stream of the implementation beside one TCP connection.
func (b *Sharing) BesideTCP(ctx context.Context, congestion string) (*Shared, error) {
	return b.both(ctx, "TCP "+congestion, func(ctx context.Context, place Setting) (flow, error) {
		ticks, zero, err := TCPStream{place.Lab, congestion, b.Seconds}.Run(ctx)
		return flow{ticks: ticks, zero: zero}, err
	})
}

// TwoJobs puts two streams of the implementation beside each other.
func (b *Sharing) TwoJobs(ctx context.Context) (*Shared, error) {
	return b.both(ctx, "another job", func(ctx context.Context, place Setting) (flow, error) {
		return b.job(ctx, place, b.Seconds, nil)
	})
}

// A flow is what one of the two has shown.
type flow struct {
	ticks []Tick
	zero  time.Time // when its clock was 0
	wrong uint64
}

// mean is its rate between two times of the day, MB/s.
func (f *flow) mean(from, to time.Time) float64 {
	return Mean(f.ticks, from.Sub(f.zero).Seconds(), to.Sub(f.zero).Seconds())
}

// extra is how much longer the first flow lasts: the second has to start.
const extra = 3

// both starts a job, and the other flow when the job runs.
func (b *Sharing) both(ctx context.Context, name string, other func(context.Context, Setting) (flow, error)) (*Shared, error) {
	place, end, err := b.Place(ctx, lab.Config{Rails: 1, Rate: b.Rate})
	if err != nil {
		return nil, err
	}
	defer end()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var second flow
	var otherErr error
	var work sync.WaitGroup
	first, err := b.job(ctx, place, b.Seconds+extra, func() {
		work.Go(func() {
			if second, otherErr = other(ctx, place); otherErr != nil {
				cancel()
			}
		})
	})
	if err != nil {
		cancel()
	}
	work.Wait()
	if otherErr != nil {
		return nil, otherErr
	}
	if err != nil {
		return nil, err
	}
	from := second.zero.Add(time.Second)
	to := second.zero.Add(seconds(b.Seconds))
	return &Shared{What: [2]string{b.Impl.Name, name}, Rate: b.Rate, Wrong: first.wrong + second.wrong,
		MBps: [2]float64{first.mean(from, to), second.mean(from, to)}}, nil
}

// job runs one stream; begun is called when its messages come.
func (b *Sharing) job(ctx context.Context, place Setting, length float64, begun func()) (flow, error) {
	var once sync.Once
	s := Stream{Impl: b.Impl, Setting: place, Prog: b.Prog, Ranks: 2, Size: "64k", Seconds: length,
		Limit: seconds(length) + 30*time.Second,
		OnTick: func(Tick) {
			if begun != nil {
				once.Do(begun)
			}
		}}.Run(ctx)
	return flow{s.Ticks, s.Zero, s.Wrong}, s.Err
}
