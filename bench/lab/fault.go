package lab

import (
	"fmt"
	"strconv"
	"strings"
)

// What can be done to a rail.
const (
	KindCut       = "cut"
	KindBlackHole = "blackhole"
	KindLoss      = "loss"
	KindMend      = "mend"
)

// An End says where a cable is cut.
type End string

const (
	AtSwitch End = "switch" // the cable is pulled: the host loses carrier, the others see nothing
	AtHost   End = "host"   // the host's interface is set down
	Behind   End = "behind" // the switch forwards nothing for this port; nobody loses carrier
)

// A Dir is a direction, seen from the host.
type Dir string

const (
	Both Dir = "both"
	Out  Dir = "out" // frames that leave the host
	In   Dir = "in"  // frames that come to the host
)

// A Fault is one change of a rail. Written out it is
//
//	cut:RAIL[@HOST][:switch|host|behind]
//	blackhole:RAIL[@HOST[:out|in|both]]
//	loss:RAIL[@HOST]:PERCENT%
//	mend:RAIL[@HOST]
//
// Without a host, a cut pulls the cable of the first host, which is enough to
// divide two; a black hole and a loss are those of the switch, between all hosts;
// and mending mends the whole rail. With a host, a loss draws for every frame
// from and to that host.
type Fault struct {
	Kind string
	Rail string
	Host string  `json:",omitempty"` // empty: see above
	End  End     `json:",omitempty"` // of a cut; empty: AtSwitch
	Dir  Dir     `json:",omitempty"` // of a black hole; empty: Both
	Loss float64 `json:",omitempty"` // probability, 0 to 1
}

func (f Fault) String() string {
	s := f.Kind + ":" + f.Rail
	if f.Host != "" {
		s += "@" + f.Host
	}
	switch {
	case f.Kind == KindCut && f.End != "":
		s += ":" + string(f.End)
	case f.Kind == KindBlackHole && f.Dir != "":
		s += ":" + string(f.Dir)
	case f.Kind == KindLoss:
		s += ":" + strconv.FormatFloat(f.Loss*100, 'g', 4, 64) + "%"
	}
	return s
}

// ParseFault reads the written form.
func ParseFault(s string) (Fault, error) {
	kind, rest, _ := strings.Cut(s, ":")
	place, param, _ := strings.Cut(rest, ":")
	return NewFault(kind, place, param)
}

// NewFault is ParseFault of kind:place:param, for place RAIL or RAIL@HOST.
func NewFault(kind, place, param string) (Fault, error) {
	f := Fault{Kind: kind}
	f.Rail, f.Host, _ = strings.Cut(place, "@")
	if f.Rail == "" {
		return f, fmt.Errorf("lab: fault %q names no rail: write it like cut:rail1@h2", kind+":"+place)
	}
	switch kind {
	case KindCut:
		f.End = End(param)
	case KindBlackHole:
		f.Dir = Dir(param)
	case KindLoss:
		p, err := parseProbability(param)
		if err != nil {
			return f, err
		}
		f.Loss = p
	case KindMend:
		if param != "" {
			return f, fmt.Errorf("lab: mend takes a rail or rail@host, not %q", param)
		}
	}
	return f, f.check()
}

func parseProbability(s string) (float64, error) {
	digits, percent := strings.CutSuffix(s, "%")
	p, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, fmt.Errorf("lab: loss %q: write it like 5%% or 0.05", s)
	}
	if percent {
		p /= 100
	}
	return p, nil
}

func (f Fault) check() error {
	switch {
	case f.Kind != KindCut && f.Kind != KindBlackHole && f.Kind != KindLoss && f.Kind != KindMend:
		return fmt.Errorf("lab: fault %q: it is one of cut, blackhole, loss, mend", f.Kind)
	case f.End != "" && f.End != AtSwitch && f.End != AtHost && f.End != Behind:
		return fmt.Errorf("lab: cut at %q: it is one of switch, host, behind", f.End)
	case f.Dir != "" && f.Dir != Both && f.Dir != Out && f.Dir != In:
		return fmt.Errorf("lab: direction %q: it is one of out, in, both", f.Dir)
	case f.Dir != "" && f.Host == "":
		return fmt.Errorf("lab: a direction is seen from a host: name it, like blackhole:%s@h1:%s", f.Rail, f.Dir)
	case f.Loss < 0 || f.Loss > 1 || f.Loss != f.Loss:
		return fmt.Errorf("lab: loss %g: it is a probability, 0 to 1", f.Loss)
	}
	return nil
}

// apply returns the damage of a cable after the fault. first says whether the
// cable is the first host's.
func (f Fault) apply(d damage, host string, first bool) damage {
	named := f.Host == host
	if f.Host != "" && !named {
		return d
	}
	switch f.Kind {
	case KindMend:
		return damage{}
	case KindCut:
		if !named && !first {
			return d
		}
		switch f.End {
		case AtHost:
			d.CutHost = true
		case Behind:
			d.CutBehind = true
		default:
			d.CutSwitch = true
		}
	case KindBlackHole:
		// For the whole rail one direction is enough, and every frame is met once.
		d.HoleIn = d.HoleIn || f.Dir != Out
		d.HoleOut = d.HoleOut || (named && f.Dir != In)
	case KindLoss:
		d.LossIn = f.Loss
		if named {
			d.LossOut = f.Loss
		}
	}
	return d
}

// fault carries a fault out.
func (k *keeper) fault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	rail := k.rail(f.Rail)
	if rail == nil {
		return fmt.Errorf("lab: no rail %q: there are %s", f.Rail, strings.Join(k.Config.railNames(), ", "))
	}
	found := f.Host == ""
	for i, c := range rail.cables {
		found = found || c.host.name == f.Host
		if err := c.become(k, f.apply(c.is, c.host.name, i == 0)); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("lab: no host %q: there are %s", f.Host, strings.Join(k.Config.hostNames(), ", "))
	}
	return nil
}

func (k *keeper) rail(name string) *railNode {
	for _, r := range k.rails {
		if r.name == name {
			return r
		}
	}
	return nil
}
