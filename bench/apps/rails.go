package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"rainmpi/bench"
	"rainmpi/bench/lab"
)

// How long both rails are whole, and how long one is cut, at most; a random part of it each time.
const (
	mostWhole = 4 * time.Second
	mostCut   = 3 * time.Second
)

// rails are what happens to a lab's rails during a check.
type rails struct {
	lab    *lab.Lab
	before *lab.Status
	cuts   int
	shares []float64 // of what the first host sent
	stop   context.CancelFunc
	done   chan error
}

// breakRails begins to cut one rail or the other at random moments, in any of
// three ways, and to mend it after a while.
func breakRails(ctx context.Context, l *lab.Lab) (*rails, error) {
	before, err := l.Status()
	if err != nil {
		return nil, err
	}
	r := &rails{lab: l, before: before, done: make(chan error, 1)}
	ctx, r.stop = context.WithCancel(ctx)
	go func() { r.done <- r.cutAndMend(ctx) }()
	return r, nil
}

func (r *rails) cutAndMend(ctx context.Context) error {
	ends := []lab.End{lab.AtSwitch, lab.AtHost, lab.Behind}
	for pause(ctx, rand.N(mostWhole)) {
		rail := r.lab.Rails[rand.IntN(len(r.lab.Rails))].Name
		if err := r.lab.Fault(lab.Fault{Kind: lab.KindCut, Rail: rail, End: ends[rand.IntN(len(ends))]}); err != nil {
			return err
		}
		r.cuts++
		pause(ctx, rand.N(mostCut))
		if err := r.lab.Fault(lab.Fault{Kind: lab.KindMend, Rail: rail}); err != nil {
			return err
		}
	}
	return nil
}

// pause reports whether the time passed before the end of ctx.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// end leaves all rails mended. It is an error if nothing was cut, or if a rail
// carried nothing: then the check was not one of two hosts with two rails.
func (r *rails) end() error {
	r.stop()
	if err := <-r.done; err != nil {
		return err
	}
	after, err := r.lab.Status()
	if err != nil {
		return err
	}
	r.shares = bench.Shares(r.before, after)
	for i, share := range r.shares {
		if share == 0 {
			err = errors.Join(err, fmt.Errorf("%s carried nothing", after.Rails[i].Name))
		}
	}
	if r.cuts == 0 {
		err = errors.Join(err, errors.New("it ended before a rail was cut"))
	}
	return err
}

func (r *rails) String() string {
	text := fmt.Sprintf("a rail was cut %d times; the rails carried", r.cuts)
	for i, share := range r.shares {
		if i > 0 {
			text += " and"
		}
		text += fmt.Sprintf(" %.0f %%", 100*share)
	}
	return text
}
