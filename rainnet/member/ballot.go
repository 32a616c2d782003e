package member

import (
	"cmp"
	"fmt"
)

// An ID names a host; 0 is the host of rainrun.
type ID uint32

// A Member is one life of a host. Inc is higher for each: nothing that one life
// has promised binds or entitles the next.
type Member struct {
	ID  ID
	Inc uint64
}

func (m Member) String() string { return fmt.Sprintf("%d.%d", m.ID, m.Inc) }

// A Ballot is a generation of the token. Epochs count; equal ones, made on two
// sides of a fault, are decided by the generator.
type Ballot struct {
	Epoch uint64
	Gen   Member
}

func (b Ballot) compare(o Ballot) int {
	return cmp.Or(cmp.Compare(b.Epoch, o.Epoch), cmp.Compare(b.Gen.ID, o.Gen.ID), cmp.Compare(b.Gen.Inc, o.Gen.Inc))
}

// A Stamp is one hop of one token: Seq is raised at every hop.
type Stamp struct {
	Ballot
	Seq uint64
}

func (s Stamp) compare(o Stamp) int {
	return cmp.Or(s.Ballot.compare(o.Ballot), cmp.Compare(s.Seq, o.Seq))
}

func (s Stamp) String() string { return fmt.Sprintf("(%d, %d, %v)", s.Epoch, s.Seq, s.Gen) }
