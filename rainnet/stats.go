package rainnet

import (
	"fmt"
	"strings"
)

// Stats counts what an Endpoint has read and written since Open, in packets unless said otherwise.
// Everything that was dropped is counted once, under the first reason that applied.
type Stats struct {
	Received, Sent           int64
	ReceivedBytes, SentBytes int64 // of UDP payload
	Reads, Writes            int64 // batches that carried something

	// Dropped on reading.
	Short     int64 // shorter than a header and a tag
	Foreign   int64 // of another protocol or version, or for another peer
	Own       int64 // sent by this endpoint: an address of the peer's is one of this host's too
	Unknown   int64 // from a peer whose card is not known (yet)
	Misrouted int64 // names a path that does not end at the socket it came to
	Forged    int64 // the tag does not fit: wrong key, damaged, or from an earlier incarnation
	Duplicate int64 // authentic, but received before: the network's doing, or a replay
	Malformed int64 // authentic, but its frames make no sense: a fault in the peer's program
	Broken    int64 // by Faults
	Overrun   int64 // found the receive buffer of the socket full; what the kernel had joined counts as one

	Joined, Left int64 // addresses of this host that came and went, not packets
	NewsLost     int64 // times that the kernel had no room for news of cards and addresses, not packets

	Relayed int64 // passed on from one peer to another

	Held int64 // packets that waited for room in their socket

	// Dropped on writing; retransmission makes up for it.
	Full        int64 // no room in the socket or in the queue of the card
	TooBig      int64 // larger than the MTU
	Forbidden   int64 // a packet filter of this host does not let them out
	Unreachable int64 // no route, no neighbour, device down, no path to or from a relay

	Reported int64 // times that somebody said that packets could not be delivered (ICMP), not packets
}

// Refused is the number of packets that came and are not of a peer of this job's, or make no sense.
func (s Stats) Refused() int64 {
	return s.Short + s.Foreign + s.Own + s.Unknown + s.Misrouted + s.Forged + s.Malformed
}

// Unsent is the number of packets that this end's kernel did not take.
func (s Stats) Unsent() int64 { return s.Full + s.TooBig + s.Forbidden + s.Unreachable }

// Dropped says what was dropped on reading, for people; empty: nothing.
func (s Stats) Dropped() string {
	return list([]counted{
		{s.Short, "too short"}, {s.Foreign, "of another protocol or for somebody else"}, {s.Own, "its own"}, {s.Unknown, "of nobody it knows"},
		{s.Misrouted, "at the wrong socket"}, {s.Forged, "forged or damaged"}, {s.Malformed, "without sense"}, {s.Duplicate, "that had come before"},
		{s.Overrun, "that found the receive buffer full"},
	})
}

// Undelivered says what of what was sent did not leave this host or, as somebody said, did not arrive, for
// people; empty: nothing.
func (s Stats) Undelivered() string {
	return list([]counted{
		{s.Full, "found no room to be sent"}, {s.TooBig, "were larger than the MTU"}, {s.Forbidden, "were refused by a packet filter of the host"},
		{s.Unreachable, "had no way to go"}, {s.Reported, "were reported undeliverable (ICMP)"},
	})
}

type counted struct {
	n    int64
	what string
}

// list names those that there are.
func list(all []counted) string {
	var words []string
	for _, k := range all {
		if k.n > 0 {
			words = append(words, fmt.Sprint(k.n, " ", k.what))
		}
	}
	return strings.Join(words, ", ")
}
