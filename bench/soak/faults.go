package soak

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"rainmpi/bench/lab"
)

// break breaks and mends rails until ctx ends, and leaves all of them mended. It returns how often it
// did what.
func (c *Config) breakRails(ctx context.Context) (did map[string]int, err error) {
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	did = map[string]int{}
	for ctx.Err() == nil {
		f := c.draw(rng)
		if err := c.Lab.Fault(f); err != nil {
			return did, err
		}
		did[f.Kind]++
		lasts := time.Duration(20+rng.IntN(2000)) * time.Millisecond
		if rng.IntN(4) > 0 { // else the next comes on top of it
			sleep(ctx, lasts)
			err = c.Lab.Fault(lab.Fault{Kind: lab.KindMend, Rail: f.Rail})
			if err != nil {
				return did, err
			}
		}
		sleep(ctx, time.Duration(rng.IntN(500))*time.Millisecond)
	}
	return did, c.mend()
}

func (c *Config) mend() error {
	for _, r := range c.Lab.Rails {
		if err := r.Mend(); err != nil {
			return fmt.Errorf("mending %s: %w", r.Name, err)
		}
	}
	return nil
}

// draw draws one fault: a cut at some end, a black hole in some direction, or loss.
func (c *Config) draw(rng *rand.Rand) lab.Fault {
	f := lab.Fault{
		Rail: c.Lab.Rails[rng.IntN(len(c.Lab.Rails))].Name,
		Host: c.Lab.Hosts[rng.IntN(len(c.Lab.Hosts))].Name,
	}
	switch rng.IntN(3) {
	case 0:
		f.Kind = lab.KindCut
		f.End = []lab.End{lab.AtSwitch, lab.AtHost, lab.Behind}[rng.IntN(3)]
	case 1:
		f.Kind = lab.KindBlackHole
		f.Dir = []lab.Dir{lab.Both, lab.Out, lab.In}[rng.IntN(3)]
	default:
		f.Kind = lab.KindLoss
		f.Loss = 0.01 + 0.2*rng.Float64()
	}
	return f
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
