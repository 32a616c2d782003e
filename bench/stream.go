package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os/exec"
	"slices"
	"sync"
	"time"

	"rainmpi/bench/lab"
)

// A Stream is one run of the C program's stream test, during which rails break
// and are mended: messages of one size from the first rank to the last, every
// one checked.
type Stream struct {
	Impl    *Impl
	Setting Setting
	Prog    string
	Ranks   int
	Size    string
	Seconds float64
	Tick    float64       // seconds between two lines of the receiver; 0: a tenth
	Faults  []lab.Event   // by the receiver's clock
	Limit   time.Duration // of the whole run
	Watch   time.Duration // how often the rails' counters are read; 0: never

	OnTick  func(Tick)      // may be nil
	OnFault func(lab.Fault) // may be nil: called when a fault or repair is done
}

// A Streamed is what a Stream has shown. Times are seconds by the receiver's clock.
type Streamed struct {
	MBps       float64    `json:"MB/s"`
	Gap        float64    `json:"longest_gap"` // between two messages, seconds
	Messages   uint64     `json:"messages"`
	Lost       uint64     `json:"lost"`
	Duplicated uint64     `json:"duplicated"`
	Corrupted  uint64     `json:"corrupted"`
	Wrong      uint64     `json:"wrong"` // all three, as the program counts them
	Faults     []Happened `json:"faults"`
	Ticks      []Tick     `json:"ticks"`
	Rails      []Carried  `json:"rails,omitempty"`
	Shares     []float64  `json:"shares,omitempty"` // part of each rail of what the first host sent
	Err        error      `json:"-"`                // the run failed or hung
	Zero       time.Time  `json:"started"`          // when the receiver's clock began
	Ended      float64    `json:"ended"`            // when the run had ended, of itself or not
}

// A Happened is a fault, and when it was done.
type Happened struct {
	At    float64 `json:"at"`
	Fault string  `json:"fault"`
}

// A Carried is what each rail carried since the one before, bytes.
type Carried struct {
	At   float64  `json:"at"`
	Sent []uint64 `json:"sent"` // by the first host
	Came []uint64 `json:"came"` // to the last one
}

// Break breaks or mends a rail of the setting.
func (s *Setting) Break(f lab.Fault) error {
	if s.Loopback != nil {
		return s.Loopback.Fault(f)
	}
	return s.Lab.Fault(f)
}

// Shares returns a function that tells each rail's part of what was sent since,
// nil where nobody counts.
func (s *Setting) Shares() func() []float64 {
	if s.Lab == nil {
		return func() []float64 { return nil }
	}
	before, err := s.Lab.Status()
	return func() []float64 {
		after, err2 := s.Lab.Status()
		if err != nil || err2 != nil {
			return nil
		}
		return Shares(before, after)
	}
}

// Shares returns the part of each rail of what the first host sent in between.
func Shares(before, after *lab.Status) []float64 {
	var sent []float64
	sum := 0.0
	for i, r := range after.Rails {
		n := r.Cables[0].Counters.Sub(before.Rails[i].Cables[0].Counters)
		sent = append(sent, float64(n.TxBytes))
		sum += float64(n.TxBytes)
	}
	for i := range sent {
		if sum > 0 {
			sent[i] /= sum
		}
	}
	return sent
}

// Run runs it, and leaves all rails mended that it has broken. A receiver that
// has stopped telling the time does not stop the faults.
func (s Stream) Run(ctx context.Context) Streamed {
	out := Streamed{}
	p := player{Stream: s, out: &out, ended: make(chan struct{})}
	shares := s.Setting.Shares()
	run, err := Execute(ctx, s.command(), s.Limit, p.tick)
	ended := time.Now()
	p.finish()
	out.Ticks, out.Err, out.Shares = run.Ticks, errors.Join(err, p.err), shares()
	out.read(run.Results)
	p.setClock(ended)
	return out
}

func (s *Stream) command() *exec.Cmd {
	args := []string{"-t", "stream", "-s", s.Size, "-d", fmt.Sprint(s.Seconds), "-c"}
	if s.Tick > 0 {
		args = append(args, "-k", fmt.Sprint(s.Tick))
	}
	return s.Impl.Command(&s.Setting, s.Ranks, s.Prog, args...)
}

func (out *Streamed) read(results []Result) {
	for _, r := range results {
		switch r.Test {
		case "stream":
			out.MBps = r.Value
		case "gap":
			out.Gap, out.Messages, out.Wrong = r.Value, r.Messages, r.Wrong
		case "lost":
			out.Lost = uint64(r.Value)
		case "duplicated":
			out.Duplicated = uint64(r.Value)
		case "corrupted":
			out.Corrupted = uint64(r.Value)
		}
	}
}

// A player carries the faults out beside the run.
type player struct {
	Stream
	out   *Streamed
	ended chan struct{}
	begun bool
	zero  time.Time // when the receiver's clock was 0, as the lines show that came soonest
	work  sync.WaitGroup

	done  []doneFault // of one goroutine at a time, as is err
	err   error
	rails []watched
}

type doneFault struct {
	at    time.Time
	fault lab.Fault
}

type watched struct {
	at     time.Time
	status *lab.Status
}

// tick is called by one goroutine. The first one starts the faults.
func (p *player) tick(t Tick) {
	if zero := time.Now().Add(-seconds(t.At)); !p.begun || zero.Before(p.zero) {
		p.zero = zero
	}
	if !p.begun {
		p.begun = true
		zero := p.zero
		p.work.Go(func() { p.play(zero) })
		if p.Watch > 0 && p.Setting.Lab != nil {
			p.work.Go(p.watch)
		}
	}
	if p.OnTick != nil {
		p.OnTick(t)
	}
}

func (p *player) play(zero time.Time) {
	events := slices.SortedStableFunc(slices.Values(p.Faults), func(a, b lab.Event) int { return cmp.Compare(a.At, b.At) })
	for _, e := range events {
		timer := time.NewTimer(time.Until(zero.Add(e.At)))
		select {
		case <-p.ended:
			timer.Stop()
			return
		case <-timer.C:
		}
		p.do(e.Fault)
	}
}

func (p *player) do(f lab.Fault) {
	begin := time.Now()
	if err := p.Setting.Break(f); err != nil {
		p.err = errors.Join(p.err, fmt.Errorf("%s: %w", f, err))
		return
	}
	p.done = append(p.done, doneFault{begin, f})
	if p.OnFault != nil {
		p.OnFault(f)
	}
}

// watch reads the rails' counters again and again.
func (p *player) watch() {
	every := time.NewTicker(p.Watch)
	defer every.Stop()
	for {
		if st, err := p.Setting.Lab.Status(); err == nil {
			p.rails = append(p.rails, watched{time.Now(), st})
		}
		select {
		case <-p.ended:
			return
		case <-every.C:
		}
	}
}

// finish mends what is still broken.
func (p *player) finish() {
	close(p.ended)
	p.work.Wait()
	broken := map[string]bool{}
	for _, d := range p.done {
		broken[d.fault.Rail] = d.fault.Kind != lab.KindMend || d.fault.Host != "" && broken[d.fault.Rail]
	}
	for rail, is := range broken {
		if is {
			p.do(lab.Fault{Kind: lab.KindMend, Rail: rail})
		}
	}
}

// setClock puts everything on the receiver's clock.
func (p *player) setClock(ended time.Time) {
	out := p.out
	if !p.begun {
		return // it has not told the time
	}
	out.Zero, out.Ended = p.zero, ended.Sub(p.zero).Seconds()
	for _, d := range p.done {
		out.Faults = append(out.Faults, Happened{d.at.Sub(p.zero).Seconds(), d.fault.String()})
	}
	for i := 1; i < len(p.rails); i++ {
		before, after := p.rails[i-1].status, p.rails[i].status
		c := Carried{At: p.rails[i].at.Sub(p.zero).Seconds()}
		for r := range after.Rails {
			now, then := after.Rails[r].Cables, before.Rails[r].Cables
			last := len(now) - 1
			c.Sent = append(c.Sent, now[0].Counters.Sub(then[0].Counters).TxBytes)
			c.Came = append(c.Came, now[last].Counters.Sub(then[last].Counters).RxBytes)
		}
		out.Rails = append(out.Rails, c)
	}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// LongestGap returns the longest time between two messages of those that came
// after from, seconds; until the run's end if none did.
func (out *Streamed) LongestGap(from float64) float64 {
	longest, last := 0.0, 0.0
	for _, t := range out.Ticks {
		if t.At > from {
			longest = max(longest, t.Gap)
		}
		if t.MBps > 0 {
			last = t.At
		}
	}
	if out.Err != nil && len(out.Ticks) > 0 {
		longest = max(longest, out.Ended-max(last, from)) // nothing came any more
	}
	return longest
}

// steady is how long a rate has to last, seconds, to count as reached.
const steady = 0.1

// Reached returns how long after from the stream has the given rate, MB/s: the
// first tick from which on its mean over a tenth of a second is no less. NaN: it
// never has.
func (out *Streamed) Reached(from, rate float64) float64 {
	for _, t := range out.Ticks {
		if t.At < from || t.At+steady > out.Ticks[len(out.Ticks)-1].At {
			continue
		}
		if Mean(out.Ticks, t.At, t.At+steady) >= rate {
			return t.At - from
		}
	}
	return math.NaN()
}
