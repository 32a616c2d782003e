package rainnet

import (
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"rainmpi/rainnet/aesgcm"
	"rainmpi/rainnet/wire"
)

// Every packet is sealed with AES-128-GCM. Each direction between two incarnations of two peers has
// a key of its own, so that no nonce is ever used twice under one key:
//
//	secret(0)   = HKDF(job key, salt of sender ‖ salt of receiver, "rain packets" ‖ ids)
//	secret(n+1) = HKDF-Expand(secret(n), "rain next")
//	key, iv (n) = HKDF-Expand(secret(n), "rain key"), HKDF-Expand(secret(n), "rain iv")
//	nonce       = iv ⊕ (path id ‖ kind ‖ 0 ‖ packet number)
//
// A packet of nothing but bulk data is encrypted from the data on, out of the memory of the program that
// sends it; what stands before is authenticated. Between ends that are told to be insecure, for measurements,
// that data is left in clear; all else is sealed. A relayed packet is only authenticated on each leg: it is
// sealed for the peer behind.
//
// n is the key phase. Its low two bits travel in the header's flags; the header is authenticated
// as additional data.

const (
	// SealLimit is the number of packets sealed under one key. RFC 9001, section 6.6: "For
	// AEAD_AES_128_GCM and AEAD_AES_256_GCM, the confidentiality limit is 2^23 encrypted packets".
	// No key ever comes near 2^36, where GCM itself would end.
	SealLimit = 1 << 23

	phaseMask = 3 // the bits of wire.Header.Flags that hold the key phase
	flagsAt   = 1 // where the flags are in an encoded header
	pathAt    = 2
	numberAt  = 16
)

// identity is one end of a pair of keys.
type identity struct {
	id   wire.PeerID
	salt [16]byte // drawn anew by each incarnation
}

// secret is where the keys of one phase of one direction come from.
type secret [sha256.Size]byte

func firstSecret(jobKey []byte, from, to identity) (secret, error) {
	salt := append(from.salt[:], to.salt[:]...)
	info := binary.BigEndian.AppendUint32([]byte("rain packets"), uint32(from.id))
	info = binary.BigEndian.AppendUint32(info, uint32(to.id))
	b, err := hkdf.Key(sha256.New, jobKey, salt, string(info), sha256.Size)
	if err != nil {
		return secret{}, fmt.Errorf("deriving packet keys: %w", err)
	}
	return secret(b), nil
}

func (s *secret) expand(label string, n int) []byte {
	b, err := hkdf.Expand(sha256.New, s[:], label, n)
	if err != nil {
		panic("HKDF refuses a constant length: " + err.Error())
	}
	return b
}

func (s *secret) next() secret { return secret(s.expand("rain next", sha256.Size)) }

// phaseKey is the key of one phase.
type phaseKey struct {
	aead   cipher.AEAD
	iv     uint32 // the first four bytes of it
	ivRest uint64
}

func (s *secret) key() phaseKey {
	aead, err := aesgcm.New(s.expand("rain key", aesgcm.KeySize))
	if err != nil {
		panic("rainnet: no AES-GCM for packets: " + err.Error()) // GODEBUG=fips140=only
	}
	iv := s.expand("rain iv", aesgcm.NonceSize)
	return phaseKey{aead, binary.BigEndian.Uint32(iv), binary.BigEndian.Uint64(iv[4:])}
}

// nonce makes the nonce of a packet from its encoded header: path id, kind, 0, number.
func (k *phaseKey) nonce(n *[12]byte, header []byte) {
	binary.BigEndian.PutUint32(n[:], k.iv^(uint32(binary.BigEndian.Uint16(header[pathAt:]))<<16|uint32(header[0])<<8))
	binary.BigEndian.PutUint64(n[4:], k.ivRest^binary.BigEndian.Uint64(header[numberAt:]))
}

// sealer seals what one peer sends to another.
type sealer struct {
	key    phaseKey
	secret secret // of this phase
	phase  uint32
	used   int64 // packets sealed in this phase
	limit  int64
	nonce  [12]byte
}

func newSealer(first secret, limit int64) *sealer {
	return &sealer{secret: first, key: first.key(), limit: limit}
}

// seal encrypts a packet in place: header and frames in packet, whose capacity has room for the tag.
// It returns the packet with the tag.
func (s *sealer) seal(packet []byte) []byte {
	s.begin(packet)
	header, frames := packet[:wire.HeaderLen], packet[wire.HeaderLen:]
	frames = s.key.aead.Seal(frames[:0], s.nonce[:], frames, header)
	return packet[:wire.HeaderLen+len(frames)]
}

// bulkAt is where the data is in a packet of one BULK frame.
const bulkAt = wire.HeaderLen + wire.BulkOverhead

// sealBulk is seal for a packet of one BULK frame whose data lies elsewhere: what stands before the data is in
// head, whose capacity has room for data and tag.
func (s *sealer) sealBulk(head, data []byte) []byte {
	head[flagsAt] |= wire.FlagBulk
	s.begin(head)
	return s.key.aead.Seal(head, s.nonce[:], data, head)
}

// signBulk is sealBulk for data that stays where and as it is. The packet is to be sent with that before the
// tag.
func (s *sealer) signBulk(head []byte) []byte {
	head[flagsAt] |= wire.FlagBulk | wire.FlagClear
	return s.sign(head)
}

// sign authenticates a packet as it is, and returns it with the tag, for which its capacity has room.
func (s *sealer) sign(packet []byte) []byte {
	s.begin(packet)
	return s.key.aead.Seal(packet, s.nonce[:], nil, packet)
}

// begin makes the nonce for one more packet.
func (s *sealer) begin(packet []byte) {
	if s.used == s.limit {
		s.rekey()
	}
	s.used++
	packet[flagsAt] = packet[flagsAt]&^phaseMask | byte(s.phase&phaseMask)
	s.key.nonce(&s.nonce, packet)
}

func (s *sealer) rekey() {
	s.secret = s.secret.next()
	s.key = s.secret.key()
	s.phase++
	s.used = 0
}

// opener opens what one peer receives from another. It knows four phases: the one before, for
// packets that were overtaken; the present one; and the next two, into which the sender may go at
// any time (two, so that even a phase of which every packet was lost does no harm).
type opener struct {
	keys   [4]phaseKey // by phase & phaseMask
	has    [4]bool
	phase  uint32
	secret secret // of this phase
	nonce  [12]byte
}

func newOpener(first secret) *opener {
	o := &opener{secret: first}
	o.keys[0], o.has[0] = first.key(), true
	return o
}

// open decrypts packet into scratch. It reports false, and changes nothing, if any bit of the packet
// is not what the peer sealed.
func (o *opener) open(scratch, packet []byte) (frames []byte, ok bool) {
	return o.openAt(scratch, packet[wire.HeaderLen:], packet[:wire.HeaderLen])
}

// openBulk is open for what sealBulk has made.
func (o *opener) openBulk(scratch, packet []byte) (frames []byte, ok bool) {
	if len(packet) < bulkAt+wire.TagLen {
		return nil, false
	}
	n := copy(scratch, packet[wire.HeaderLen:bulkAt])
	data, ok := o.openAt(scratch[n:], packet[bulkAt:], packet[:bulkAt])
	return scratch[:n+len(data)], ok
}

// verifyBulk is open for what signBulk has made. The data may have been forged; it stays where it is.
func (o *opener) verifyBulk(packet []byte) (frames []byte, ok bool) {
	end := len(packet) - wire.TagLen
	if end < bulkAt {
		return nil, false
	}
	_, ok = o.openAt(nil, packet[end:], packet[:bulkAt])
	return packet[wire.HeaderLen:end], ok
}

// verify tells whether the peer has signed packet, and returns what it holds.
func (o *opener) verify(packet []byte) (inner []byte, ok bool) {
	end := len(packet) - wire.TagLen
	_, ok = o.openAt(nil, packet[end:], packet[:end])
	return packet[wire.HeaderLen:end], ok
}

// openAt opens sealed, which is authenticated together with clear, the beginning of a packet.
func (o *opener) openAt(scratch, sealed, clear []byte) (opened []byte, ok bool) {
	slot := clear[flagsAt] & phaseMask
	if !o.has[slot] && !o.derive(slot) {
		return nil, false
	}
	k := &o.keys[slot]
	k.nonce(&o.nonce, clear)
	opened, err := k.aead.Open(scratch[:0], o.nonce[:], sealed, clear)
	if err != nil {
		return nil, false
	}
	if ahead := (uint32(slot) - o.phase) & phaseMask; ahead == 1 || ahead == 2 {
		o.advance(ahead)
	}
	return opened, true
}

// derive makes the key of one of the next two phases; the phase before, if its key is gone, is
// beyond recovery.
func (o *opener) derive(slot byte) bool {
	ahead := (uint32(slot) - o.phase) & phaseMask
	if ahead == 3 {
		return false
	}
	s := o.secret
	for range ahead {
		s = s.next()
	}
	o.keys[slot], o.has[slot] = s.key(), true
	return true
}

// advance makes the phase that a packet has just proved the present one.
func (o *opener) advance(steps uint32) {
	for range steps {
		o.secret = o.secret.next()
		o.phase++
		o.has[(o.phase+2)&phaseMask] = false
	}
}
