package wire

import "encoding/binary"

// An AddressFrame says what has become of one of the sender's addresses since its card was written.
// It is repeated with every ping until a SeenFrame of the same revision comes.
type AddressFrame struct {
	Index    uint8 // what the bytes of a PathID index
	Revision uint16
	Data     []byte // as an entry of a card, at most MaxAddress bytes; empty: the address is gone; aliases the packet
}

// MaxAddress bounds the data of an ADDRESS frame.
const MaxAddress = 255

const addressFixed = 5

// AppendAddress appends an ADDRESS frame.
func AppendAddress(b []byte, f AddressFrame) []byte {
	b = append(b, byte(Address), f.Index)
	b = binary.BigEndian.AppendUint16(b, f.Revision)
	return append(append(b, byte(len(f.Data))), f.Data...)
}

// AddressLen is the length of an ADDRESS frame with n bytes of data.
func AddressLen(n int) int { return addressFixed + n }

// ConsumeAddress reads the ADDRESS frame at the start of b.
func ConsumeAddress(b []byte) (f AddressFrame, n int) {
	if len(b) < addressFixed || len(b) < addressFixed+int(b[4]) {
		return f, 0
	}
	n = addressFixed + int(b[4])
	return AddressFrame{Index: b[1], Revision: binary.BigEndian.Uint16(b[2:]), Data: b[addressFixed:n:n]}, n
}

// A SeenFrame confirms an AddressFrame.
type SeenFrame struct {
	Index    uint8
	Revision uint16
}

// SeenLen is the length of a SEEN frame.
const SeenLen = 4

// AppendSeen appends a SEEN frame.
func AppendSeen(b []byte, f SeenFrame) []byte {
	return binary.BigEndian.AppendUint16(append(b, byte(Seen), f.Index), f.Revision)
}

// ConsumeSeen reads the SEEN frame at the start of b.
func ConsumeSeen(b []byte) (f SeenFrame, n int) {
	if len(b) < SeenLen {
		return f, 0
	}
	return SeenFrame{Index: b[1], Revision: binary.BigEndian.Uint16(b[2:])}, SeenLen
}
