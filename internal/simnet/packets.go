package simnet

import (
	"fmt"
	"strings"

	"rainmpi/rainnet/wire"
)

// checkPacket looks at a packet before it reaches the wire: its number is above
// all earlier ones of its path (a number that comes twice is a nonce that comes
// twice), and it leaves room for the tag.
func (e *end) checkPacket(path wire.PathID, c *cable, packet []byte) {
	h, err := wire.ParseHeader(packet)
	switch {
	case err != nil:
		e.failf("%s sends a packet that does not parse: %v", e.name, err)
	case h.Path != path:
		e.failf("%s sends a packet of path %d on path %d", e.name, h.Path, path)
	case h.Number < e.numbers[path]:
		e.failf("%s path %d: packet number %d comes again", e.name, path, h.Number)
	case len(packet)+wire.TagLen > c.mtu:
		e.failf("%s path %d: packet of %d bytes with its tag, the path takes %d", e.name, path, len(packet)+wire.TagLen, c.mtu)
	}
	e.numbers[path] = h.Number + 1
	if e.watched {
		eachFrame(packet, func(t wire.FrameType, b []byte) {
			switch t {
			case wire.Msg, wire.Bulk:
				e.sentData++
			case wire.History:
				f, _ := wire.ConsumeHistory(b)
				if e.told[f]++; e.told[f] > maxTold {
					e.failf("%s tells %+v for ever", e.name, f)
				}
			}
		})
	}
}

// maxTold is how often an end may tell the same history of a path that came back when all is quiet: what is lost is told
// again, 150 times in quietAfter if nobody ever knew.
const maxTold = 20

// checkSilence fails if data still travels when all of it has long arrived.
func (s *session) checkSilence() {
	for _, e := range s.ends {
		if e.sentData > 0 {
			s.failf("%s sent %d pieces of data in %v, long after all was acknowledged",
				e.name, e.sentData, duration(quietAfter))
		}
		if b := e.conn.Backlog(); b != 0 {
			s.failf("%s has a backlog of %d, long after all was acknowledged", e.name, b)
		}
	}
}

// describe is a packet for people.
func describe(packet []byte) string {
	var s strings.Builder
	h, _ := wire.ParseHeader(packet)
	fmt.Fprintf(&s, "path %d #%d %dB", h.Path, h.Number, len(packet))
	eachFrame(packet, func(t wire.FrameType, b []byte) {
		switch t {
		case wire.Link:
			f, _ := wire.ConsumeLink(b)
			fmt.Fprintf(&s, " LINK%+v", f)
		case wire.History:
			f, _ := wire.ConsumeHistory(b)
			fmt.Fprintf(&s, " HISTORY%+v", f)
		case wire.Ack:
			f, _ := wire.ConsumeAck(b)
			fmt.Fprintf(&s, " ACK{path %d", f.Path)
			for r, ok := f.Next(); ok; r, ok = f.Next() {
				fmt.Fprintf(&s, " %d-%d", r.First, r.Last)
			}
			s.WriteString("}")
		case wire.Msg:
			f, _ := wire.ConsumeMsg(b)
			fmt.Fprintf(&s, " MSG{%d: %d+%d of %d}", f.ID, f.Offset, len(f.Data), f.Total)
		case wire.Bulk:
			f, _ := wire.ConsumeBulk(b)
			fmt.Fprintf(&s, " BULK{%d: %d+%d}", f.Token, f.Offset, len(f.Data))
		case wire.Credit:
			limit, _ := wire.ConsumeCredit(b)
			fmt.Fprintf(&s, " CREDIT{%d}", limit)
		case wire.Close:
			s.WriteString(" CLOSE")
		}
	})
	return s.String()
}

// eachFrame calls do for each frame of a packet; b begins with it.
func eachFrame(packet []byte, do func(t wire.FrameType, b []byte)) {
	for b := packet[wire.HeaderLen:]; len(b) > 0; {
		n := frameLen(b)
		if n == 0 {
			return // the machine that gets it will say so
		}
		do(wire.FrameType(b[0]), b)
		b = b[n:]
	}
}

// frameLen returns the length of the frame at the start of b, 0 if it is malformed.
func frameLen(b []byte) (n int) {
	switch wire.FrameType(b[0]) {
	case wire.Padding:
		n = wire.ConsumePadding(b)
	case wire.Link:
		_, n = wire.ConsumeLink(b)
	case wire.History:
		_, n = wire.ConsumeHistory(b)
	case wire.Ack:
		_, n = wire.ConsumeAck(b)
	case wire.Msg:
		_, n = wire.ConsumeMsg(b)
	case wire.Bulk:
		_, n = wire.ConsumeBulk(b)
	case wire.Credit:
		_, n = wire.ConsumeCredit(b)
	case wire.Close:
		_, n = wire.ConsumeClose(b)
	case wire.Address:
		_, n = wire.ConsumeAddress(b)
	case wire.Seen:
		_, n = wire.ConsumeSeen(b)
	}
	return n
}
