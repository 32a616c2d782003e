package wire

import "strconv"

// A PeerID names one end of a conversation: a rank by its world rank, an agent
// by AgentBase plus the index of its host.
type PeerID uint32

// AgentBase is the PeerID of the agent of host 0.
const AgentBase PeerID = 0x4000_0000

// Agent reports whether the id is that of an agent, and of which host.
func (id PeerID) Agent() (host int, ok bool) {
	if id < AgentBase {
		return 0, false
	}
	return int(id - AgentBase), true
}

func (id PeerID) String() string {
	if host, ok := id.Agent(); ok {
		return "agent " + strconv.Itoa(host)
	}
	return "rank " + strconv.Itoa(int(id))
}

// A PathID names a pair of addresses, one of each peer, and is the same number
// at both ends: the index of the lower PeerID's address in the high byte, that
// of the higher PeerID's in the low byte. Both index the address lists of the
// peers' cards.
type PathID uint16

// Relayed is the path between two peers through the agent of a third host. No address
// ends it: a card has fewer than 255.
const Relayed PathID = 0xffff

// MakePathID returns the id of the path between address number localAddr of
// local and address number remoteAddr of remote, seen from local.
func MakePathID(local, remote PeerID, localAddr, remoteAddr uint8) PathID {
	if local > remote {
		localAddr, remoteAddr = remoteAddr, localAddr
	}
	return PathID(localAddr)<<8 | PathID(remoteAddr)
}

// Addrs is the inverse of MakePathID: the indices of the two addresses, seen
// from local.
func (id PathID) Addrs(local, remote PeerID) (localAddr, remoteAddr uint8) {
	lower, higher := uint8(id>>8), uint8(id)
	if local > remote {
		return higher, lower
	}
	return lower, higher
}

// String writes "lower-higher", the address indices, as in logs of both ends.
func (id PathID) String() string {
	if id == Relayed {
		return "relay"
	}
	return strconv.Itoa(int(id>>8)) + "-" + strconv.Itoa(int(id&0xff))
}
