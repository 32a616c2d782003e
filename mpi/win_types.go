package mpi

import "rainmpi/mpi/internal/dtype"

// A datatype of a target travels as the number of a predefined type, or as the
// number of a slot: derived types are described to a peer once, in a slot that
// both sides know, and described again only when the slot was needed for others.
// Packets arrive in order, so a slot holds at the target what the origin thinks.

const (
	numTypeSlots = 16
	typeSlot     = 1 << 16 // added to the number of a slot
)

type typeSlots struct {
	sent    [numTypeSlots]*dtype.Type
	next    int
	got     [numTypeSlots]*dtype.Type
	partial []byte // of a description that is longer than a packet
}

// typeOf is t as p knows it; p is told if it does not. mu is held.
func (e *engine) typeOf(p *proc, t *dtype.Type) uint32 {
	if b := t.Named(); b != dtype.None {
		return uint32(b)
	}
	s := &p.types
	for i, known := range s.sent {
		if known == t {
			return typeSlot + uint32(i)
		}
	}
	i := s.next
	s.next = (i + 1) % numTypeSlots
	s.sent[i] = t
	text := t.AppendDescription(nil)
	for off := 0; off < len(text); {
		n := min(len(text)-off, int(e.inline(p)))
		r := e.newRMA(vec{t: dtype.Byte.Type()})
		copy(r.rma.hold(n), text[off:])
		r.detached = true
		r.head = header{kind: kindType, tag: int32(off), size: uint64(len(text)), id: uint64(i)}
		e.post(p, r)
		off += n
	}
	return typeSlot + uint32(i)
}

func (s *typeSlots) receive(h header, payload []byte) {
	s.partial = append(s.partial[:h.tag], payload...)
	if len(s.partial) < int(h.size) {
		return
	}
	t, err := dtype.Described(s.partial)
	if err != nil {
		panic("mpi: a description of a datatype is none: " + err.Error())
	}
	s.got[h.id%numTypeSlots] = t
}

// at is the type of a number, nil if there is none.
func (s *typeSlots) at(number uint32) *dtype.Type {
	switch {
	case int(number) < dtype.NumBasics:
		return dtype.Basic(number).Type()
	case number < typeSlot:
		return nil
	}
	return s.got[number%numTypeSlots]
}
