// Package wire is the packet format of rainnet. It encodes, decodes and
// checks; it keeps no state, allocates nothing, and knows no clock.
//
// All numbers are big-endian. A packet is one UDP datagram:
//
//	Header      24 bytes, in clear, authenticated as additional data
//	frames      encrypted
//	tag         16 bytes of AES-GCM
//
// Header:
//
//	0   kind << 4 | version    u8
//	1   flags                  u8   key phase (two bits), FlagBulk, FlagClear
//	2   path                   u16  PathID, equal at both ends
//	4   source                 u32  PeerID
//	8   destination            u32  PeerID
//	12  seen                   u16  size of the largest packet received on this path
//	                                lately, the other way: see rainnet/mtu.go
//	14  reserved               u16
//	16  packet number          u64  per kind, path and direction, from 0, never reused
//
// A packet that holds one BULK frame and nothing else (FlagBulk) is encrypted from the data
// of that frame on: straight from the memory where the data lies, in one pass. The 19
// bytes before are authenticated with the header.
//
// A packet of KindRelay is one leg of the way through a third host: its source and its
// destination are the ends of the leg, and a whole packet, as its source has sealed it
// for its destination, is in the place of the frames. The tag authenticates all of it
// and encrypts nothing: the packet inside is encrypted.
//
// Frames follow each other without alignment. The first byte is the type:
//
//	0 PADDING  one byte each
//	1 LINK     flags u8 (1: has an echo, 2: answer at once), number u32, echo u32, echo delay u32 (µs), a u32, r u32
//	2 HISTORY  path u16, a u32, r u32
//	3 ACK      path u16, largest u64, came u32 (µs), delay u32 (µs), n u8, first uvarint, n × {gap uvarint, more uvarint}
//	4 MSG      message id u64, total u32, offset u32, length u16, data
//	5 BULK     token u64, offset u64, length u16, data
//	6 CREDIT   limit u64
//	7 CLOSE    code u32
//	8 ADDRESS  index u8, revision u16, length u8, entry of a card (empty: the address is gone)
//	9 SEEN     index u8, revision u16
//
// LINK is a ping of the consistent-history protocol and speaks of the path it
// travels on; HISTORY says the same (a, r) of any path and travels on any.
//
// ACK names the path whose packets it acknowledges, so that it too may travel
// on any. Its ranges are those of RFC 9000 section 19.3.1: [largest-first,
// largest] is received; each next range ends gap+2 below the start of the one
// before and holds more+1 packets.
//
// MSG carries a piece of an ordered message: ids count from 0 without holes
// and total is the length of the whole. BULK carries a piece of data whose
// length and place the receiver knows beforehand from its token. CREDIT is the
// flow control of ordered messages: all messages ever sent may cost at most
// limit, where a message costs its total plus MessageCost.
//
// ADDRESS says what has become of one of the sender's addresses since its card was
// written; SEEN confirms it. Where it stands it comes before all other frames, so
// that a packet from an address that the receiver does not know introduces itself.
//
// Packets that hold only PADDING, LINK, ACK, CLOSE, ADDRESS or SEEN are not
// acknowledged.
package wire
