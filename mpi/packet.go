package mpi

import "encoding/binary"

// A packet between two engines is a header of 32 bytes and a payload. The
// same packets go through shared memory and over rails:
//
//	eager    envelope and the whole message; sync asks for an ack when matched.
//	         Inside a host a language binding sends a header of 16 bytes, the
//	         envelope: two short messages share a cache line
//	rts      envelope; the data waits at the sender ("request to send").
//	         Inside a host the payload is the address of the data, or 0
//	cts      id = the sender's request, size = the receiver's token: send it. Inside a
//	         host tag = how many pieces of fetchPiece bytes the receiver has read itself
//	data     inside a host: id = the receiver's token, size = the offset, tag = the ns
//	         that copying it into the ring has taken.
//	         Over rails rendezvous data is rainnet's bulk, and placed by it
//	fin      id = the sender's request: the receiver has read the data itself
//	share    id = the sender's request, tag = a cut and its generation (share.go): help to copy it
//	shared   tag = the same, size = bytes that were written
//	ack      id = the sender's request: a synchronous eager message was matched
//	cancel   the envelope and id of a message that its sender takes back, if no
//	         receive has been matched to it: answered then by
//	cancelled  with the same id, and else by nothing but what the message is due.
//	         A plain eager message is due nothing: size is its number, and id that
//	         of the request that asks, which gets fin if it is too late
//	choke    the sender of this has too many unexpected bytes: rts only, please
//	unchoke  it has not any more
//
// One-sided communication (win.go; ctx is the window's, src the sender's rank in
// it). What reaches into memory has an access behind the header, which says where:
//
//	put      size = offset, tag = length of the data that follows
//	put rts  as rts, for data that goes to the access's place: answered as rts is
//	get      size = length: a cts for memory. Answered with data, or bulk
//	acc      as put; combined by the access's operation
//	fetch    as acc; what was there before comes back as data
//	swap     the new value and the one to compare with; likewise
//	fault    id = the sender's request: the access failed, tag = error class
//	type     a piece of a datatype's description; id = the slot, size = of the
//	         whole, tag = offset
//	flush    answered by flushed with the same id when all before it is done, tag =
//	         error class of what went wrong
//	lock     tag = the type; answered by granted, now or when it is free
//	unlock   tag = the type; 0: somebody has unlocked, let the next one in
//	post, done  the calls of the same names
//
// Between processes of two jobs:
//
//	leave    the sender has come to MPI_Finalize
//
// After a failure (revoke.go):
//
//	revoke   ctx is the context of a communicator that nobody may use any more
type packetKind uint8

const (
	kindEager packetKind = iota + 1
	kindRTS
	kindCTS
	kindData
	kindFin
	kindAck
	kindChoke
	kindUnchoke
	kindPut
	kindPutRTS
	kindGet
	kindAcc
	kindFetch
	kindSwap
	kindFault
	kindType
	kindFlush
	kindFlushed
	kindLock
	kindGranted
	kindUnlock
	kindPost
	kindDone
	kindLeave
	kindRevoke
	kindCancel
	kindCancelled
	kindShare
	kindShared
	kindLast = kindShared
)

// In a packet a kind has the bits that its context leaves. An eager message that asks for an ack is a kind of its
// own, and so is one whose header is brief.
const (
	kindMask      = 1<<(64-contextBits) - 1
	kindEagerSync = kindMask
	kindBrief     = kindMask - 1
)

// sizeBits are what the size of a message needs of its field: the sign has the rest.
const sizeBits = 57

// headerSize is the length of an encoded header in bytes, briefSize that of a brief one, the others' beginning;
// addressSize that of the address behind an rts inside a host.
const (
	headerSize  = 32
	briefSize   = 16
	addressSize = 8
)

// header starts every packet. ctx, src and tag are the envelope: the context
// of the communicator, the sender's rank in it, and the tag.
type header struct {
	kind packetKind
	sync bool  // eager: answer with ack when matched
	sign uint8 // eager and rts of a collective: which call it belongs to (coll.Schedule.Sign)
	ctx  contextID
	src  int32
	tag  int32
	size uint64 // of the whole message, in bytes
	id   uint64 // of a request; of a plain eager message of the user's: its number
}

func (h *header) encode(b []byte) {
	_ = b[headerSize-1]
	w := uint64(h.kind)
	if h.sync {
		w = kindEagerSync
	}
	binary.LittleEndian.PutUint64(b, w|uint64(h.ctx)<<(64-contextBits))
	binary.LittleEndian.PutUint64(b[8:], uint64(uint32(h.src))|uint64(uint32(h.tag))<<32)
	binary.LittleEndian.PutUint64(b[16:], h.size|uint64(h.sign)<<sizeBits)
	binary.LittleEndian.PutUint64(b[24:], h.id)
}

// decodeRecord is decodeHeader for a record of a ring, where headers may be brief, and what follows the header.
func decodeRecord(b []byte) (header, []byte, bool) {
	if len(b) < briefSize || b[0]&kindMask != kindBrief {
		h, ok := decode(b, addressSize)
		return h, b[min(headerSize, len(b)):], ok
	}
	h := envelope(b)
	h.kind, h.size = kindEager, uint64(len(b)-briefSize)
	return h, b[briefSize:], h.src >= 0
}

// envelope is what all headers begin with.
func envelope(b []byte) header {
	w := binary.LittleEndian.Uint64(b)
	v := binary.LittleEndian.Uint64(b[8:])
	return header{
		kind: packetKind(w & kindMask),
		ctx:  contextID(w >> (64 - contextBits)),
		src:  int32(uint32(v)),
		tag:  int32(uint32(v >> 32)),
	}
}

// decodeHeader is the header of a packet that came over rails.
func decodeHeader(b []byte) (header, bool) { return decode(b, 0) }

// decode reports false for bytes that no engine sends. An address of so many bytes stands behind an rts.
func decode(b []byte, address int) (header, bool) {
	if len(b) < headerSize {
		return header{}, false
	}
	h := envelope(b)
	h.size, h.id = binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:])
	if h.kind == kindEagerSync {
		h.kind, h.sync = kindEager, true
	}
	if h.kind == kindEager || h.kind == kindRTS {
		h.sign, h.size = uint8(h.size>>sizeBits), h.size&(1<<sizeBits-1)
	}
	return h, h.kind >= kindEager && h.kind <= kindLast && h.src >= 0 && h.src < maxJob && h.fits(len(b)-headerSize, address)
}

// fits reports whether a payload of n bytes belongs to the header.
func (h *header) fits(n, address int) bool {
	switch h.kind {
	case kindEager:
		return h.size == uint64(n)
	case kindRTS:
		return n == address
	case kindData:
		return n > 0
	case kindType:
		return n > 0 && h.tag >= 0
	case kindPut, kindAcc, kindFetch:
		brings := int64(n) - accessSize
		return h.tag >= 0 && brings >= 0 && (brings == int64(h.tag) || brings == 0 && h.kind == kindFetch)
	case kindPutRTS:
		return n == accessSize+address
	case kindSwap:
		return n > accessSize
	case kindGet:
		return n == accessSize
	case kindCTS:
		return n == 0 && h.tag >= 0
	}
	return n == 0
}
