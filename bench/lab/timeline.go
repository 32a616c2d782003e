package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Event is a fault and its time, counted from the start of the timeline.
type Event struct {
	At    time.Duration
	Fault Fault
}

func (e Event) String() string { return e.At.String() + ":" + e.Fault.String() }

// ParseEvent reads "5s:cut:rail1@h2": a time as time.ParseDuration reads it, then
// a fault as ParseFault does.
func ParseEvent(s string) (Event, error) {
	at, rest, _ := strings.Cut(s, ":")
	d, err := time.ParseDuration(at)
	if err != nil || d < 0 {
		return Event{}, fmt.Errorf("lab: event %q: write it like 5s:cut:rail1", s)
	}
	f, err := ParseFault(rest)
	return Event{d, f}, err
}

// Play carries the events out at their times and returns after the last, at the
// first error, or when ctx is done. tell is called after each; it may be nil.
// Where an event is late, because the machine is busy, those that follow move by as
// much: a fault lasts at least as long as it should.
func (l *Lab) Play(ctx context.Context, events []Event, tell func(Event, time.Time)) error {
	events = slices.SortedStableFunc(slices.Values(events), func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	start := time.Now()
	for _, e := range events {
		timer := time.NewTimer(time.Until(start.Add(e.At)))
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		if err := l.Fault(e.Fault); err != nil {
			return fmt.Errorf("%s: %w", e, err)
		}
		done := time.Now()
		start = done.Add(-e.At)
		if tell != nil {
			tell(e, done)
		}
	}
	return nil
}
