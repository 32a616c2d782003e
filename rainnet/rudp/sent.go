package rudp

import "rainmpi/rainnet/wire"

// A piece is what a packet carried that has to be sent again if the packet is
// lost. Every byte given to Send or SendBulk is at any time in exactly one
// place: not yet sent, in one packet in flight, waiting to be sent again, or
// acknowledged. So counting acknowledged bytes is enough to know when all are.
type piece struct {
	kind pieceKind
	path wire.PathID // pieceHistory
	n    int32       // bytes; of data
	out  *outgoing   // pieceMsg, pieceBulk
	off  int64       // in out; or a<<32 | r of pieceHistory
}

type pieceKind uint8

const (
	pieceMsg pieceKind = iota
	pieceBulk
	pieceHistory
	pieceCredit
)

// A sentPacket is the memory of a packet that left.
type sentPacket struct {
	at     int64
	size   int32 // UDP payload
	pieces int32
	first  uint64 // number of its first piece
	state  sentState
	probed bool // given up by a probe time-out, which is no proof of loss

	lostAt int64 // when it was given up

	// For the delivery rate: see rate.go.
	appLimited  bool
	rested      bool  // nothing had been acknowledged since nothing was in flight
	flight      int64 // bytes in flight before it
	delivered   int64
	cameAt      int64
	firstSentAt int64
}

type sentState uint8

const (
	untracked sentState = iota // holds nothing that is acknowledged
	inFlight
	acked
	lost // its pieces are elsewhere; kept a while to learn if that was wrong
)

// sent holds the packets of one path from the oldest that still matters.
type sent struct {
	packets   ring[sentPacket]
	base      uint64 // packet number of packets.at(0)
	pieces    ring[piece]
	pieceBase uint64 // number of pieces.at(0)

	bytes    int64 // in flight
	inFlight int   // packets in flight
	lastAt   int64 // when the last of those was sent
}

// maxSent bounds the packets remembered per path.
const maxSent = 1 << 16

// next returns the number of the next packet.
func (s *sent) next() uint64 { return s.base + uint64(s.packets.n) }

// full reports whether no more packets may be sent before some are resolved.
func (s *sent) full() bool { return s.packets.n >= maxSent }

// get returns packet pn, or nil if it does not matter any more.
func (s *sent) get(pn uint64) *sentPacket {
	if pn < s.base || pn >= s.next() {
		return nil
	}
	return s.packets.at(int(pn - s.base))
}

// silentTo reports whether no packet from number from to number to has asked for
// an acknowledgement.
func (s *sent) silentTo(from, to uint64) bool {
	for pn := from; pn <= to; pn++ {
		if p := s.get(pn); p != nil && p.state != untracked {
			return false
		}
	}
	return true
}

// piece returns the i-th piece of a packet.
func (s *sent) piece(p *sentPacket, i int32) *piece {
	return s.pieces.at(int(p.first-s.pieceBase) + int(i))
}

// add remembers the packet that got the last n pieces pushed.
func (s *sent) add(now int64, size, n int, eliciting bool) *sentPacket {
	p := s.packets.push()
	p.at = now
	p.size = int32(size)
	p.pieces = int32(n)
	p.first = s.pieceBase + uint64(s.pieces.n-n)
	if eliciting {
		p.state = inFlight
		s.bytes += int64(size)
		s.inFlight++
		s.lastAt = now
	}
	return p
}

// out takes a packet that was in flight out of it.
func (s *sent) out(p *sentPacket, state sentState) {
	if p.state == inFlight {
		s.bytes -= int64(p.size)
		s.inFlight--
	}
	p.state = state
}

// trim forgets the oldest packets that do not matter any more: those that were
// given up before horizon, and all that hold nothing.
func (s *sent) trim(horizon int64) {
	for s.packets.n > 0 {
		p := s.packets.at(0)
		if p.state == inFlight || p.state == lost && p.lostAt > horizon && !s.full() {
			return
		}
		for i := int32(0); i < p.pieces; i++ {
			s.pieces.drop()
			s.pieceBase++
		}
		s.packets.drop()
		s.base++
	}
}
