package wire

import "encoding/binary"

// A Range is the packet numbers First to Last, both included.
type Range struct {
	First, Last uint64
}

// MaxAckRanges bounds the ranges of one ACK frame.
const MaxAckRanges = 64

// ackFixed is the length of an ACK frame before its ranges.
const ackFixed = 20

// An AckFrame acknowledges packets of one path. Its ranges come out of Next,
// newest first.
type AckFrame struct {
	Path    PathID
	Largest uint64
	Came    uint32 // when Largest did, in µs of the sender's clock
	Delay   uint32 // µs between that and this frame

	left   int    // ranges not yet taken
	last   uint64 // the end of the range that is next
	ranges []byte // encoded; aliases the packet
}

// AppendAck appends an ACK frame for ranges, which are disjoint, not adjacent,
// newest first, and at least one. It writes what fits into room bytes and
// MaxAckRanges, dropping the oldest ranges, and nothing if not one fits.
func AppendAck(b []byte, room int, path PathID, came, delay uint32, ranges []Range) []byte {
	if len(ranges) == 0 || room < ackFixed+binary.MaxVarintLen64 {
		return b
	}
	start := len(b)
	b = append(b, byte(Ack))
	b = binary.BigEndian.AppendUint16(b, uint16(path))
	b = binary.BigEndian.AppendUint64(b, ranges[0].Last)
	b = binary.BigEndian.AppendUint32(b, came)
	b = binary.BigEndian.AppendUint32(b, delay)
	b = append(b, 0)
	b = binary.AppendUvarint(b, ranges[0].Last-ranges[0].First)
	n := 1
	for ; n < len(ranges) && n < MaxAckRanges; n++ {
		before := len(b)
		r := ranges[n]
		b = binary.AppendUvarint(b, ranges[n-1].First-r.Last-2)
		b = binary.AppendUvarint(b, r.Last-r.First)
		if len(b)-start > room {
			b = b[:before]
			break
		}
	}
	b[start+ackFixed-1] = byte(n - 1)
	return b
}

// ConsumeAck reads the ACK frame at the start of b and checks all its ranges.
func ConsumeAck(b []byte) (f AckFrame, n int) {
	if len(b) < ackFixed || b[ackFixed-1] >= MaxAckRanges {
		return f, 0
	}
	f.Path = PathID(binary.BigEndian.Uint16(b[1:]))
	f.Largest = binary.BigEndian.Uint64(b[3:])
	f.Came = binary.BigEndian.Uint32(b[11:])
	f.Delay = binary.BigEndian.Uint32(b[15:])
	f.left = int(b[ackFixed-1]) + 1
	f.last = f.Largest
	f.ranges = b[ackFixed:]

	check := f
	for check.left > 0 {
		if !check.step(nil) {
			return AckFrame{}, 0
		}
	}
	n = len(b) - len(check.ranges)
	f.ranges = b[ackFixed:n:n]
	return f, n
}

// Next takes the next range, newest first.
func (f *AckFrame) Next() (r Range, ok bool) {
	if f.left == 0 {
		return r, false
	}
	ok = f.step(&r)
	return r, ok
}

// step decodes one range and, if another follows, the gap to it. It reports
// false if the encoding is cut or if the ranges reach below packet number 0.
func (f *AckFrame) step(r *Range) bool {
	more, ok := f.uvarint()
	if !ok || more > f.last {
		return false
	}
	first := f.last - more
	if r != nil {
		*r = Range{First: first, Last: f.last}
	}
	f.left--
	if f.left == 0 {
		return true
	}
	gap, ok := f.uvarint()
	if !ok || first < 2 || gap > first-2 {
		return false
	}
	f.last = first - 2 - gap
	return true
}

func (f *AckFrame) uvarint() (uint64, bool) {
	v, n := binary.Uvarint(f.ranges)
	if n <= 0 {
		return 0, false
	}
	f.ranges = f.ranges[n:]
	return v, true
}
