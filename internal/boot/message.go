// Package boot is how a rank and its agent talk.
//
// The agent listens on an abstract unix stream socket whose random name it
// puts into the environment of its ranks (EnvAgent). A rank connects in
// MPI_Init and keeps the connection for its whole life: when it closes, the
// agent is dead and the rank ends itself.
//
//	rank → agent   Hello            which rank I am
//	agent → rank   Welcome          the job, and the shared memory of its ranks on this host
//	rank → agent   Card             how my endpoint is reached   (several hosts only)
//	agent → rank   Cards            how everybody's is           (several hosts only)
//	rank → agent   Finalize         I leave in order; all I sent has been acknowledged
//	agent → rank   Finalize         so do all others: go       (several hosts only)
//	rank → agent   Abort            end the job
//	agent → rank   Waits            something has failed: for whom do you wait?
//	rank → agent   Waits            for these
//	agent → rank   Failed           these have failed, and the job goes on
//	rank → agent   Spawn            start more processes
//	agent → rank   Spawned          they run, or why not
//	rank → agent   Born             I was spawned, and this is how my parents reach me
//	rank → agent   Ties             I am connected with these, from now on
//	rank → agent   Unmet            no path leads to a rank, or one does again
//	rank → agent   Name             publish a name, take it back, or look one up
//	agent → rank   Named            done, or what the name stands for
//
// A message is a 4-byte little-endian length and that many bytes of JSON, an
// envelope with exactly one field set. Descriptors ride on the first byte of
// the message (SCM_RIGHTS). Nothing here uses Go's network poller, so that a
// rank inside a C program does not start it.
package boot

import (
	"encoding/json"
	"time"
)

// The environment of a rank. A process that has EnvAgent was started by an
// agent; one without it is a job of its own (a singleton).
const (
	EnvWorld     = "RAIN_WORLD"      // of a spawned rank: which of the job's worlds it is in
	EnvAgent     = "RAIN_AGENT"      // the agent's socket, "@name" for an abstract one
	EnvRank      = "RAIN_RANK"       // rank in MPI_COMM_WORLD
	EnvSize      = "RAIN_SIZE"       // size of MPI_COMM_WORLD
	EnvLocalRank = "RAIN_LOCAL_RANK" // index among the ranks of this host
)

// Message is the envelope: exactly one field is set.
type Message struct {
	Hello    *Hello    `json:",omitempty"`
	Welcome  *Welcome  `json:",omitempty"`
	Card     *Card     `json:",omitempty"`
	Cards    *Cards    `json:",omitempty"`
	Finalize *Finalize `json:",omitempty"`
	Abort    *Abort    `json:",omitempty"`
	Waits    *Waits    `json:",omitempty"`
	Failed   *Failed   `json:",omitempty"`
	Look     *Look     `json:",omitempty"`
	Spawn    *Spawn    `json:",omitempty"`
	Spawned  *Spawned  `json:",omitempty"`
	Born     *Born     `json:",omitempty"`
	Ties     *Ties     `json:",omitempty"`
	Unmet    *Unmet    `json:",omitempty"`
	Name     *Name     `json:",omitempty"`
	Named    *Named    `json:",omitempty"`
}

// Hello claims a rank. A rank is claimed once: a second process that
// inherited the environment is refused by Welcome.Error and becomes a
// singleton.
type Hello struct {
	World int // 0: the one that rainrun started
	Rank  int
	Pid   int
}

// Welcome is everything a rank must know of its job.
type Welcome struct {
	Error string // not empty: the claim is refused, and why

	Job    string   // a name for people and for logs; each world has its own
	Key    []byte   // the job's key, 32 random bytes; for rainnet only
	Rank   int      // in MPI_COMM_WORLD
	Size   int      // of MPI_COMM_WORLD
	First  int      // number of rank 0 among all processes of the job
	AppNum int      // index of the program in an MPMD command line
	Hosts  []string // names of the job's hosts
	HostOf []int    // world rank → index into Hosts

	// Slots is the number of ranks that the job may have (MPI_UNIVERSE_SIZE).
	Slots int

	// CPUs is the number of processors that this host's ranks share.
	CPUs int

	// Rails, PortLow and PortHigh are rainnet's configuration on this host;
	// none means every usable interface and any port.
	Rails             []string
	PortLow, PortHigh int

	// Options are what rainrun was told for the library ("coll", "eager", …).
	Options map[string]string

	// Memory says that one descriptor comes with this message: an empty
	// memfd that all ranks of this host share. Whoever comes first sizes it.
	Memory bool

	// GoesOn says that the job goes on without ranks that fail, Failed which have.
	GoesOn bool
	Failed []int `json:",omitempty"`

	// Parent is set in a rank that was spawned.
	Parent *Parent `json:",omitempty"`
}

// Parent is what spawned ranks are told of those that spawned them.
type Parent struct {
	Context   uint64          // of the intercommunicator
	Passports json.RawMessage // of the library's, which agents only pass on
}

// Foreign says that they are of another MPI: agents know of no passports of theirs.
func (p Parent) Foreign() bool { return len(p.Passports) == 0 || string(p.Passports) == "null" }

// Spawn asks for more processes: a world of their own.
type Spawn struct {
	Seq      uint64 // of the rank's questions; the answer has the same
	Programs []Program
	Parent   Parent

	// Values are put for the new processes: of an agent that asks in the name of
	// another MPI's rank, whose processes exchange such values by PMI.
	Values map[string]string `json:",omitempty"`
}

// A Program is one of those to spawn.
type Program struct {
	Argv   []string
	Counts []int  // how many to start: the first of these for which there is room
	Hosts  string // as for rainrun --host; empty: all of the job
	Dir    string // working directory; empty: DefaultDir
	Path   string // searched for Argv[0] before PATH
	Env    []string

	DefaultDir string
}

// Spawned is the answer.
type Spawned struct {
	Seq       uint64
	Error     string            // not empty: no process runs, and why
	Failed    []int             // the ranks that could not be started, if it was for their sake
	Counts    []int             // of each program
	Passports []json.RawMessage // by rank
}

// Born is sent by a spawned rank as soon as it can be talked to.
type Born struct{ Passport json.RawMessage }

// Ties are the numbers of the ranks of other worlds that a rank is connected with.
type Ties struct{ Tied []int }

// Unmet tells, every second, of a rank of the same world to which no path leads, and
// once when that is over.
type Unmet struct {
	Rank  int
	Met   bool          // it was reached before, and is silent now; if it is over: it is reached
	Over  bool          // it is reached, has left or has failed; all below is empty
	Since time.Time     // when it was heard last
	For   time.Duration // that it has been tried
	At    []string      // the UDP addresses where it is
	From  []string      // and where the sender is
}

// What a Name asks for.
const (
	Publish = iota
	Unpublish
	Lookup
)

// Name is about names of ports (MPI_Publish_name).
type Name struct {
	Seq           uint64
	What          int
	Service, Port string
}

// Named is the answer.
type Named struct {
	Seq   uint64
	Error string // not empty: nothing is known or done, and why
	Found bool   // Lookup, Unpublish: the name is there
	Taken bool   // Publish: it is there already
	Port  string // Lookup
}

// Card is what the rank's endpoint tells others (rainnet.Card, encoded).
type Card struct{ Card []byte }

// Cards holds everybody's, by world rank.
type Cards struct {
	Cards [][]byte

	// Agents are the cards of the agents that relay between ranks which no path connects, by host;
	// none on two hosts, where there is no third.
	Agents [][]byte `json:",omitempty"`
}

// Finalize says that the rank has left MPI in order: its exit is no failure.
// From the agent it says that every rank has, and nobody needs this one's
// acknowledgements any more.
//
// A rank that is connected with processes of other worlds of its job tells their
// numbers: their worlds and its own leave together.
type Finalize struct {
	Tied  []int `json:",omitempty"`
	Waits bool  // for the agent's Finalize
}

// Abort ends the job with an exit status. The rank waits to be killed.
type Abort struct {
	Code int
	Text string
}

// Failed are ranks, by their numbers in the job, that have failed; the job goes on
// without them.
type Failed struct{ Ranks []int }

// Waits lists the ranks in MPI_COMM_WORLD that a rank waits for at this instant, as
// far as it knows: a receive from any source names nobody. From the agent it is
// the question.
type Waits struct{ Ranks []int }

// Look asks for a rank of the same host, by its number among all of the job, to look
// for messages although it may not call MPI. From the agent it is that rank that is asked.
type Look struct{ Rank int }
