package wire

import (
	"encoding/binary"
	"errors"
)

// Sizes of the fixed parts of a packet, in bytes.
const (
	HeaderLen = 24
	TagLen    = 16
	Overhead  = HeaderLen + TagLen
)

// Version is the version of the format that this package writes and reads.
const Version = 2

// A Kind says how the rest of a packet is to be read.
type Kind uint8

const (
	KindData  Kind = 1 // frames of the source for the destination
	KindRelay Kind = 2 // a packet of the source, or for the destination, on its way through a third peer
)

// Flags of a Header. The two lowest bits are the phase of the key.
const (
	// FlagBulk: the frames are one BULK frame, and what stands before its data is authenticated and not
	// encrypted.
	FlagBulk = 1 << 2
	// FlagClear: nor is the data, which is not authenticated either. Between ends that are insecure only.
	FlagClear = 1 << 3
)

// A Header is the clear part of a packet.
type Header struct {
	Kind   Kind
	Flags  uint8
	Path   PathID
	Src    PeerID
	Dst    PeerID
	Number uint64 // per kind, path and direction, from 0, never reused
}

// Errors of ParseHeader. The packet is to be counted and dropped.
var (
	ErrShort   = errors.New("wire: packet is shorter than a header")
	ErrVersion = errors.New("wire: packet is of another version of the format")
)

// AppendHeader appends the HeaderLen bytes of h to b.
func AppendHeader(b []byte, h Header) []byte {
	b = append(b, byte(h.Kind)<<4|Version, h.Flags)
	b = binary.BigEndian.AppendUint16(b, uint16(h.Path))
	b = binary.BigEndian.AppendUint32(b, uint32(h.Src))
	b = binary.BigEndian.AppendUint32(b, uint32(h.Dst))
	b = binary.BigEndian.AppendUint32(b, 0)
	return binary.BigEndian.AppendUint64(b, h.Number)
}

// ParseHeader reads the header at the start of a packet. It checks the version
// only: nothing in a header may be believed before the tag is verified.
func ParseHeader(b []byte) (h Header, err error) {
	err = h.Parse(b)
	return h, err
}

// Parse is ParseHeader into a place of the caller's: a copy of a Header that was just written by small parts costs
// more than all else here, as a processor cannot forward them to a wide load.
func (h *Header) Parse(b []byte) error {
	if len(b) < HeaderLen {
		return ErrShort
	}
	if b[0]&0x0f != Version {
		return ErrVersion
	}
	h.Kind = Kind(b[0] >> 4)
	h.Flags = b[1]
	h.Path = PathID(binary.BigEndian.Uint16(b[2:]))
	h.Src = PeerID(binary.BigEndian.Uint32(b[4:]))
	h.Dst = PeerID(binary.BigEndian.Uint32(b[8:]))
	h.Number = binary.BigEndian.Uint64(b[16:])
	return nil
}
