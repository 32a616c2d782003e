package rudp

import "rainmpi/rainnet/wire"

// PathInfo tells people about a path.
type PathInfo struct {
	ID      wire.PathID
	MTU     int
	Up      bool
	Epoch   uint32 // transitions so far, equal at both ends
	Active  bool   // carries bulk data; else backup
	Suspect bool   // silent; left while others are better

	SRTT, MinRTT int64 // nanoseconds; 0: not measured
	Timeout      int64 // nanoseconds; how long it stays up without a proof
	Rate         int64 // bytes per second, estimated; 0: not measured
	InFlight     int64 // bytes
	Window       int64 // bytes that may be in flight

	SentPackets, SentBytes uint64
	RecvPackets, RecvBytes uint64
	LostPackets            uint64 // sent and taken for lost
	ResentBytes            uint64 // sent here for the second time or more
	Spurious               uint64 // packets taken for lost that were not
	Probes                 uint64 // probe time-outs
}

// InFlight returns the bytes that were sent, on all paths together, and are neither acknowledged
// nor taken for lost.
func (c *Conn) InFlight() (n int64) {
	for _, p := range c.paths {
		n += p.sent.bytes
	}
	return n
}

// Paths returns what is known of each path, by id.
func (c *Conn) Paths() []PathInfo {
	infos := make([]PathInfo, 0, len(c.paths))
	for _, p := range c.paths {
		if !p.gone {
			infos = append(infos, p.info())
		}
	}
	return infos
}

func (p *path) info() PathInfo {
	return PathInfo{
		ID: p.id, MTU: p.mtu, Up: p.up, Epoch: p.epoch, Active: p.active, Suspect: p.suspect && p.up,
		SRTT: p.rtt.smoothed, MinRTT: p.rate.minRTT, Timeout: p.link.Timeout(), Rate: p.rate.bandwidth(),
		InFlight: p.sent.bytes, Window: p.rate.window() + p.rate.back(),
		SentPackets: p.stats.sentPackets, SentBytes: p.stats.sentBytes,
		RecvPackets: p.stats.recvPackets, RecvBytes: p.stats.recvBytes,
		LostPackets: p.stats.lostPackets, ResentBytes: p.stats.resentBytes,
		Spurious: p.stats.spurious, Probes: p.stats.probes,
	}
}
