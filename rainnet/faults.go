package rainnet

import "sync/atomic"

// Faults lets whoever opened an Endpoint break its rails while it runs: the demonstration and the
// tests use it where the network itself may not be touched. A nil *Faults breaks nothing. Its
// methods may be called from any goroutine.
type Faults struct {
	dark atomic.Uint64 // bit per NIC number
}

// Drop makes a rail (by its number on this host, as in Rail.NIC) lose every packet in both
// directions, without any sign of it, until it is called again with lost false.
func (f *Faults) Drop(rail int, lost bool) {
	if lost {
		f.dark.Or(1 << rail)
		return
	}
	f.dark.And(^uint64(1 << rail))
}

func (f *Faults) drops(rail int) bool {
	return f != nil && f.dark.Load()&(1<<rail) != 0
}
