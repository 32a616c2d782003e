package lab

import (
	"fmt"

	"github.com/vishvananda/netlink"
)

// Counters count one cable, seen from the host, since the lab was made. A frame
// that segmentation offload has not yet cut counts as one packet, of all its bytes.
type Counters struct {
	TxBytes, TxPackets uint64 // sent by the host, after shaping
	RxBytes, RxPackets uint64 // come to the host, lost and black-holed ones included
	QueueDrops         uint64 // packets that found the host's token bucket queue full
}

// Sub returns what was counted since before.
func (c Counters) Sub(before Counters) Counters {
	return Counters{
		TxBytes: c.TxBytes - before.TxBytes, TxPackets: c.TxPackets - before.TxPackets,
		RxBytes: c.RxBytes - before.RxBytes, RxPackets: c.RxPackets - before.RxPackets,
		QueueDrops: c.QueueDrops - before.QueueDrops,
	}
}

// Status is a lab at one moment.
type Status struct {
	Dir    string
	Mode   string // ModeRoot or ModeUser
	Config Config
	Hosts  []string
	Rails  []RailStatus
}

// A RailStatus is one rail at one moment.
type RailStatus struct {
	Name   string
	Rate   uint64 // bits per second, 0 unshaped
	Cables []CableStatus
}

// A CableStatus is one host's cable to a rail at one moment.
type CableStatus struct {
	Host     string
	State    string // "ok", or its faults in words
	Counters Counters
}

func (k *keeper) status() (*Status, error) {
	s := &Status{Dir: k.Dir, Mode: k.Mode, Config: k.Config, Hosts: k.Config.hostNames()}
	for _, r := range k.rails {
		rs := RailStatus{Name: r.name, Rate: k.Config.rate(r.index)}
		for _, c := range r.cables {
			n, err := c.counters()
			if err != nil {
				return nil, fmt.Errorf("%s of %s: %w", r.name, c.host.name, err)
			}
			rs.Cables = append(rs.Cables, CableStatus{Host: c.host.name, State: c.is.String(), Counters: n})
		}
		s.Rails = append(s.Rails, rs)
	}
	return s, nil
}

func (c *cable) counters() (Counters, error) {
	nl := c.host.space.nl
	link, err := nl.LinkByIndex(c.nic.Attrs().Index)
	if err != nil {
		return Counters{}, err
	}
	st := link.Attrs().Statistics
	if st == nil {
		return Counters{}, fmt.Errorf("the kernel tells no counters")
	}
	n := Counters{TxBytes: st.TxBytes, TxPackets: st.TxPackets, RxBytes: st.RxBytes, RxPackets: st.RxPackets}
	n.QueueDrops = queueDrops(nl, c.nic)
	return n, nil
}

func queueDrops(nl *netlink.Handle, dev netlink.Link) uint64 {
	qdiscs, err := nl.QdiscList(dev)
	if err != nil {
		return 0
	}
	for _, q := range qdiscs {
		if a := q.Attrs(); a.Parent == netlink.HANDLE_ROOT && a.Statistics != nil && a.Statistics.Queue != nil {
			return uint64(a.Statistics.Queue.Drops)
		}
	}
	return 0
}
