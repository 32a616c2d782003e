package wire

import "encoding/binary"

// A MsgFrame is a piece of an ordered message.
type MsgFrame struct {
	ID     uint64
	Total  uint32 // length of the whole message
	Offset uint32 // of Data in it; Offset+len(Data) ≤ Total
	Data   []byte // aliases the packet
}

// A BulkFrame is a piece of the data of a token.
type BulkFrame struct {
	Token  uint64
	Offset uint64 // of Data in the token's data; Offset+len(Data) < 1<<63
	Data   []byte // aliases the packet
}

// Lengths of the frames without their data.
const (
	MsgOverhead  = 19
	BulkOverhead = 19
)

// MaxData is the most data that one MSG or BULK frame holds.
const MaxData = 1<<16 - 1

// MaxMessage is the longest ordered message.
const MaxMessage = 1<<32 - 1

// AppendMsg appends what stands before the data of a MSG frame with n bytes of
// data. The caller appends the data itself, straight from where it lies.
func AppendMsg(b []byte, id uint64, total, offset uint32, n int) []byte {
	b = append(b, byte(Msg))
	b = binary.BigEndian.AppendUint64(b, id)
	b = binary.BigEndian.AppendUint32(b, total)
	b = binary.BigEndian.AppendUint32(b, offset)
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

// ConsumeMsg reads the MSG frame at the start of b.
func ConsumeMsg(b []byte) (f MsgFrame, n int) {
	if len(b) < MsgOverhead {
		return f, 0
	}
	f.ID = binary.BigEndian.Uint64(b[1:])
	f.Total = binary.BigEndian.Uint32(b[9:])
	f.Offset = binary.BigEndian.Uint32(b[13:])
	size := int(binary.BigEndian.Uint16(b[17:]))
	n = MsgOverhead + size
	if n > len(b) || uint64(f.Offset)+uint64(size) > uint64(f.Total) {
		return MsgFrame{}, 0
	}
	f.Data = b[MsgOverhead:n:n]
	return f, n
}

// AppendBulk appends what stands before the data of a BULK frame with n bytes
// of data.
func AppendBulk(b []byte, token, offset uint64, n int) []byte {
	b = append(b, byte(Bulk))
	b = binary.BigEndian.AppendUint64(b, token)
	b = binary.BigEndian.AppendUint64(b, offset)
	return binary.BigEndian.AppendUint16(b, uint16(n))
}

// ConsumeBulk reads the BULK frame at the start of b.
func ConsumeBulk(b []byte) (f BulkFrame, n int) {
	if len(b) < BulkOverhead {
		return f, 0
	}
	f.Token = binary.BigEndian.Uint64(b[1:])
	f.Offset = binary.BigEndian.Uint64(b[9:])
	size := int(binary.BigEndian.Uint16(b[17:]))
	n = BulkOverhead + size
	if n > len(b) || f.Offset > 1<<63-1-MaxData {
		return BulkFrame{}, 0
	}
	f.Data = b[BulkOverhead:n:n]
	return f, n
}
