package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"time"

	"rainmpi/bench/lab"
)

// A place is where entries run, one at a time: this machine, or a lab of two hosts
// and two rails, one of which is cut at a random moment of each run.
type place struct {
	lab   *lab.Lab                 // nil: this machine
	usual map[string]time.Duration // of a run, by entry
}

// firstGuess is how long an entry may take, of which nothing is known.
const firstGuess = 400 * time.Millisecond

func (o *options) places(ctx context.Context) ([]*place, error) {
	var all []*place
	for range max(1, o.jobs) {
		p := &place{usual: map[string]time.Duration{}}
		if o.lab {
			var err error
			if p.lab, err = lab.New(ctx, lab.Config{}); err != nil {
				closeAll(all)
				return nil, err
			}
		}
		all = append(all, p)
	}
	return all, nil
}

func closeAll(places []*place) {
	for _, p := range places {
		if p.lab != nil {
			p.lab.Close()
		}
	}
}

// hosts are rainrun's words for half of the ranks on either host. The lab's hosts
// number the same cores from 0, so nothing is bound.
func (p *place) hosts(ranks int) []string {
	if p.lab == nil {
		return nil
	}
	hosts := fmt.Sprintf("h1:%d", (ranks+1)/2)
	if ranks > 1 {
		hosts += fmt.Sprintf(",h2:%d", ranks/2)
	}
	return []string{"--bind-to", "none", "--host", hosts}
}

func (p *place) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if p.lab != nil {
		return p.lab.Hosts[0].CommandContext(ctx, name, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = os.Environ()
	return cmd
}

// A cut is what became of a rail during a run.
type cut struct {
	fault  lab.Fault
	at     time.Duration // after the start
	inside bool          // the run went on then
	err    error
}

func (c cut) String() string {
	switch {
	case c.err != nil:
		return fmt.Sprintf("%s: %v", c.fault, c.err)
	case !c.inside:
		return "it ended before a rail was cut"
	}
	return fmt.Sprintf("%s after %.3f s", c.fault, c.at.Seconds())
}

// cutRail cuts a rail in any of three ways at a random moment of the time that the
// entry takes as a rule. over ends that and mends the rail.
func (p *place) cutRail(e *entry) (over func() cut) {
	ends := []lab.End{lab.AtSwitch, lab.AtHost, lab.Behind}
	c := cut{fault: lab.Fault{Kind: lab.KindCut, Rail: p.lab.Rails[rand.IntN(2)].Name, End: ends[rand.IntN(3)]}}
	start, usual := time.Now(), p.usual[e.key()]
	if usual == 0 {
		usual = firstGuess
	}
	c.at = rand.N(usual)
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ended:
		case <-time.After(c.at):
			c.inside, c.err = true, p.lab.Fault(c.fault)
		}
	}()
	return func() cut {
		p.usual[e.key()] = time.Since(start)
		close(ended)
		<-stopped
		if c.inside && c.err == nil {
			c.err = p.lab.Fault(lab.Fault{Kind: lab.KindMend, Rail: c.fault.Rail})
		}
		return c
	}
}
