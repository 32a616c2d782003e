package wire

import (
	"encoding/binary"
	"errors"
)

// A FrameType is the first byte of a frame.
type FrameType uint8

// The frame types. A packet with any other is broken.
const (
	Padding FrameType = iota
	Link
	History
	Ack
	Msg
	Bulk
	Credit
	Close
	Address
	Seen
)

// Eliciting reports whether a packet with such a frame is to be acknowledged.
// LINK has its own echo, and ACK must not be acknowledged for ever.
func (t FrameType) Eliciting() bool {
	return t == History || t == Msg || t == Bulk || t == Credit
}

// ErrFrame reports a frame that is cut short, of unknown type or inconsistent.
// The whole packet is to be counted and dropped.
var ErrFrame = errors.New("wire: malformed frame")

// ConsumePadding returns the length of the run of PADDING at the start of b.
func ConsumePadding(b []byte) (n int) {
	for n < len(b) && b[n] == byte(Padding) {
		n++
	}
	return n
}

// AppendPadding appends n bytes of PADDING.
func AppendPadding(b []byte, n int) []byte {
	for ; n > 0; n-- {
		b = append(b, byte(Padding))
	}
	return b
}

// A LinkFrame is a ping on the path it travels on.
type LinkFrame struct {
	Number    uint32 // of this ping
	Echo      uint32 // the newest ping received from the peer, if HasEcho
	EchoDelay uint32 // µs between its arrival and this answer
	A, R      uint32 // the sender's history of this path
	HasEcho   bool
	Ask       bool // answer at once; an answer does not ask
}

// The flags of a LINK frame.
const (
	linkHasEcho = 1 << iota
	linkAsk
)

// LinkLen is the length of a LINK frame.
const LinkLen = 22

// AppendLink appends a LINK frame.
func AppendLink(b []byte, f LinkFrame) []byte {
	var flags byte
	if f.HasEcho {
		flags |= linkHasEcho
	}
	if f.Ask {
		flags |= linkAsk
	}
	b = append(b, byte(Link), flags)
	b = binary.BigEndian.AppendUint32(b, f.Number)
	b = binary.BigEndian.AppendUint32(b, f.Echo)
	b = binary.BigEndian.AppendUint32(b, f.EchoDelay)
	b = binary.BigEndian.AppendUint32(b, f.A)
	return binary.BigEndian.AppendUint32(b, f.R)
}

// ConsumeLink reads the LINK frame at the start of b; n is its length, or 0 if
// it is malformed. So do all Consume functions.
func ConsumeLink(b []byte) (f LinkFrame, n int) {
	if len(b) < LinkLen || b[1] > linkHasEcho|linkAsk {
		return f, 0
	}
	return LinkFrame{
		HasEcho:   b[1]&linkHasEcho != 0,
		Ask:       b[1]&linkAsk != 0,
		Number:    binary.BigEndian.Uint32(b[2:]),
		Echo:      binary.BigEndian.Uint32(b[6:]),
		EchoDelay: binary.BigEndian.Uint32(b[10:]),
		A:         binary.BigEndian.Uint32(b[14:]),
		R:         binary.BigEndian.Uint32(b[18:]),
	}, LinkLen
}

// A HistoryFrame is the sender's history of some path.
type HistoryFrame struct {
	Path PathID
	A, R uint32
}

// HistoryLen is the length of a HISTORY frame.
const HistoryLen = 11

// AppendHistory appends a HISTORY frame.
func AppendHistory(b []byte, f HistoryFrame) []byte {
	b = append(b, byte(History))
	b = binary.BigEndian.AppendUint16(b, uint16(f.Path))
	b = binary.BigEndian.AppendUint32(b, f.A)
	return binary.BigEndian.AppendUint32(b, f.R)
}

// ConsumeHistory reads the HISTORY frame at the start of b.
func ConsumeHistory(b []byte) (f HistoryFrame, n int) {
	if len(b) < HistoryLen {
		return f, 0
	}
	return HistoryFrame{
		Path: PathID(binary.BigEndian.Uint16(b[1:])),
		A:    binary.BigEndian.Uint32(b[3:]),
		R:    binary.BigEndian.Uint32(b[7:]),
	}, HistoryLen
}

// CreditLen is the length of a CREDIT frame.
const CreditLen = 9

// MessageCost is what a message costs of the credit beside its bytes, so that
// a bound on bytes bounds the number of messages too.
const MessageCost = 64

// AppendCredit appends a CREDIT frame with the given cumulative limit.
func AppendCredit(b []byte, limit uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, byte(Credit)), limit)
}

// ConsumeCredit reads the CREDIT frame at the start of b.
func ConsumeCredit(b []byte) (limit uint64, n int) {
	if len(b) < CreditLen {
		return 0, 0
	}
	return binary.BigEndian.Uint64(b[1:]), CreditLen
}

// CloseLen is the length of a CLOSE frame.
const CloseLen = 5

// AppendClose appends a CLOSE frame: the sender has gone and will answer
// nothing any more.
func AppendClose(b []byte, code uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, byte(Close)), code)
}

// ConsumeClose reads the CLOSE frame at the start of b.
func ConsumeClose(b []byte) (code uint32, n int) {
	if len(b) < CloseLen {
		return 0, 0
	}
	return binary.BigEndian.Uint32(b[1:]), CloseLen
}
