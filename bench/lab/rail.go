package lab

import (
	"fmt"
)

// A Rail is one rail of a lab.
type Rail struct {
	Name string
	lab  *Lab
}

// Cut cuts the rail's cable of one host at an end: AtSwitch is a pulled cable,
// AtHost an interface set down, Behind a switch that has gone deaf.
func (r *Rail) Cut(host string, at End) error {
	return r.lab.Fault(Fault{Kind: KindCut, Rail: r.Name, Host: host, End: at})
}

// BlackHole makes every frame from (Out), to (In) or both from and to the host
// vanish; with host "" and Both it is the whole rail's.
func (r *Rail) BlackHole(host string, dir Dir) error {
	f := Fault{Kind: KindBlackHole, Rail: r.Name, Host: host, Dir: dir}
	if host == "" && dir == Both {
		f.Dir = ""
	}
	return r.lab.Fault(f)
}

// Loss makes each frame between any two hosts vanish with probability p.
func (r *Rail) Loss(p float64) error {
	return r.lab.Fault(Fault{Kind: KindLoss, Rail: r.Name, Loss: p})
}

// Mend mends everything of the rail.
func (r *Rail) Mend() error { return r.lab.Fault(Fault{Kind: KindMend, Rail: r.Name}) }

// MendHost mends the rail's cable of one host.
func (r *Rail) MendHost(host string) error {
	return r.lab.Fault(Fault{Kind: KindMend, Rail: r.Name, Host: host})
}

// Counters returns what went over the rail so far, by host.
func (r *Rail) Counters() (map[string]Counters, error) {
	st, err := r.lab.Status()
	if err != nil {
		return nil, err
	}
	for _, rs := range st.Rails {
		if rs.Name != r.Name {
			continue
		}
		m := make(map[string]Counters, len(rs.Cables))
		for _, c := range rs.Cables {
			m[c.Host] = c.Counters
		}
		return m, nil
	}
	return nil, fmt.Errorf("lab: no rail %q", r.Name)
}

// Fault carries a fault out. When it returns nil the kernel has done it.
func (l *Lab) Fault(f Fault) error {
	_, err := control(l.dir, controlRequest{Fault: &f})
	return err
}

// Status reads the lab's state and counters.
func (l *Lab) Status() (*Status, error) { return control(l.dir, controlRequest{}) }

// control asks the keeper of the lab at dir.
func control(dir string, req controlRequest) (*Status, error) {
	c, err := dialHost(dir, Outside)
	if err != nil {
		return nil, fmt.Errorf("lab: %w", err)
	}
	defer c.Close()
	if _, err := c.Write([]byte{callControl}); err != nil {
		return nil, err
	}
	if err := writeMessage(c, req); err != nil {
		return nil, err
	}
	var v verdict
	if err := readMessage(c, &v); err != nil {
		return nil, fmt.Errorf("lab: it ended while it was asked: %w", err)
	}
	return v.Status, v.err()
}
