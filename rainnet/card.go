package rainnet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"rainmpi/rainnet/wire"
)

// A Card is what a peer must know to talk to an Endpoint. Cards travel through the launcher; they
// hold no secret, but whoever can forge one can divert (not read) traffic.
type Card struct {
	ID    wire.PeerID
	Salt  [16]byte         // drawn anew by each incarnation of the peer
	Addrs []netip.AddrPort // what the bytes of a wire.PathID index
	Rails []Rail           // of Addrs, one each
}

// A Rail says which network card an address belongs to.
type Rail struct {
	NIC  uint8  // number of the card on its host, from 0; IPv4 and IPv6 of one card share it
	MTU  int    // largest UDP payload that the card takes, bytes
	Name string // of the interface on its host, for people
}

// Places lists the addresses with their ports, for people.
func (c Card) Places() (list []string) {
	for _, a := range c.Addrs {
		list = append(list, a.String())
	}
	return list
}

func (c Card) clone() Card {
	c.Addrs, c.Rails = slices.Clone(c.Addrs), slices.Clone(c.Rails)
	return c
}

const (
	cardVersion = 1
	maxAddrs    = 64 // of a card; a path id could name 255
	maxRailName = 200
)

var errCard = errors.New("card of a peer is malformed")

// MarshalBinary encodes the card.
//
//	version u8, id u32, salt 16 bytes, n u8, n × {
//	    length of address u8 (4 or 16), address, port u16, NIC u8, MTU u16, length of name u8, name }
func (c Card) MarshalBinary() ([]byte, error) {
	if len(c.Addrs) > maxAddrs || len(c.Addrs) != len(c.Rails) {
		return nil, fmt.Errorf("card of %v: %d addresses, %d rails: %w", c.ID, len(c.Addrs), len(c.Rails), errCard)
	}
	b := []byte{cardVersion}
	b = binary.BigEndian.AppendUint32(b, uint32(c.ID))
	b = append(b, c.Salt[:]...)
	b = append(b, byte(len(c.Addrs)))
	for i := range c.Addrs {
		b = c.appendEntry(b, i)
	}
	return b, nil
}

// appendEntry encodes one address and its rail.
func (c Card) appendEntry(b []byte, i int) []byte {
	ip := c.Addrs[i].Addr().Unmap().AsSlice()
	b = append(append(b, byte(len(ip))), ip...)
	b = binary.BigEndian.AppendUint16(b, c.Addrs[i].Port())
	r := &c.Rails[i]
	name := r.Name[:min(len(r.Name), maxRailName)]
	b = append(b, r.NIC)
	b = binary.BigEndian.AppendUint16(b, uint16(r.MTU))
	return append(append(b, byte(len(name))), name...)
}

// UnmarshalBinary decodes what MarshalBinary wrote, and refuses everything else.
func (c *Card) UnmarshalBinary(b []byte) error {
	d := cardDecoder{b}
	if d.u8() != cardVersion {
		return fmt.Errorf("%w: not of version %d", errCard, cardVersion)
	}
	card := Card{ID: wire.PeerID(d.u32())}
	copy(card.Salt[:], d.take(16))
	n := int(d.u8())
	if n > maxAddrs {
		return fmt.Errorf("%w: %d addresses", errCard, n)
	}
	for range n {
		addr, rail, err := d.entry()
		if err != nil {
			return err
		}
		card.Addrs, card.Rails = append(card.Addrs, addr), append(card.Rails, rail)
	}
	if d.b == nil || len(d.b) > 0 {
		return fmt.Errorf("%w: cut short or too long", errCard)
	}
	*c = card
	return nil
}

// entry decodes one address and its rail.
func (d *cardDecoder) entry() (addr netip.AddrPort, rail Rail, err error) {
	ip, ok := netip.AddrFromSlice(d.take(int(d.u8())))
	if !ok {
		return addr, rail, fmt.Errorf("%w: an address is neither IPv4 nor IPv6", errCard)
	}
	addr = netip.AddrPortFrom(ip.Unmap(), d.u16())
	// Of a card that is cut short the port is 0.
	if ip = addr.Addr(); !usable(ip) || d.b != nil && addr.Port() == 0 {
		return addr, rail, fmt.Errorf("%w: nobody can be reached at %v", errCard, addr)
	}
	return addr, Rail{NIC: d.u8(), MTU: int(d.u16()), Name: string(d.take(int(d.u8())))}, nil
}

// cardDecoder reads from the front of b, and zeros once b was too short (b is nil then).
type cardDecoder struct{ b []byte }

func (d *cardDecoder) take(n int) []byte {
	if d.b == nil || len(d.b) < n {
		d.b = nil
		return make([]byte, n)
	}
	out := d.b[:n]
	d.b = d.b[n:]
	return out
}

func (d *cardDecoder) u8() uint8   { return d.take(1)[0] }
func (d *cardDecoder) u16() uint16 { return binary.BigEndian.Uint16(d.take(2)) }
func (d *cardDecoder) u32() uint32 { return binary.BigEndian.Uint32(d.take(4)) }
