package coll

// Buf says which memory of a call a Ref points into.
type Buf uint8

const (
	SendBuf Buf = iota // the caller's send buffer; never written
	RecvBuf            // the caller's receive buffer, or the only one (bcast)
	Scratch            // memory of the Run, Schedule.Scratch bytes
)

// TypeSel says which datatype of a call the elements of a Ref have.
type TypeSel int32

const (
	Bytes    TypeSel = iota // packed bytes
	SendType                // Args.SendType
	RecvType                // Args.RecvType; that of every reduction
	typesAt                 // Args.Types[0]
)

// TypeAt selects Args.Types[i].
func TypeAt(i int) TypeSel { return typesAt + TypeSel(i) }

// A Ref is a piece of a buffer: Count elements of a type, the first of which has
// its origin Off bytes from the buffer's address.
type Ref struct {
	Off   int64
	Count int64
	Type  TypeSel
	Buf   Buf
}

// Kind says what a Step does.
type Kind uint8

const (
	StepSend   Kind = iota // A goes to Peer
	StepRecv               // B comes from Peer
	StepCopy               // B = A; the types may differ, the packed sizes do not
	StepReduce             // B = A op B, A being the operand of the lower ranks
)

// A Step is one thing that a rank does.
type Step struct {
	A, B Ref
	Peer int32
	Kind Kind
}

// A Round is a list of steps that are begun in order. Copies and reductions are
// done where they stand; sends and receives complete in any order. The round ends
// when all are complete.
//
// Messages between two ranks are matched in the order in which they were begun,
// so a schedule needs no tags beside the one of the collective. (MPI: messages are
// non-overtaking.)
//
// Invariants, kept by the builder and checked by the tests: memory that a send of
// the round reads or a receive of the round writes is not written (or read) by
// another step of the round; and a reduction stands before every send and receive of
// its round, so that while a user's function is awaited nothing else is, and
// Completed is unambiguous.
type Round []Step

// A Schedule is what one rank does in one collective. It is immutable, and many
// Runs may use it at the same time.
//
// A Peer below the size of the group is a rank of the communicator's (local)
// group; in an intercommunicator, Peer-size is a rank of the remote group.
type Schedule struct {
	Rounds    []Round
	Scratch   int64 // bytes, at an address that is a multiple of 16
	Algorithm *Algorithm
	Sign      uint8 // the same at every rank that makes the same call; see sign
}

// Steps returns the number of steps: the measure of what a schedule costs to keep.
func (s *Schedule) Steps() int {
	n := 0
	for _, r := range s.Rounds {
		n += len(r)
	}
	return n
}
