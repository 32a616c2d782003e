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
//
// A message is a 4-byte little-endian length and that many bytes of JSON, an
// envelope with exactly one field set. Descriptors ride on the first byte of
// the message (SCM_RIGHTS). Nothing here uses Go's network poller, so that a
// rank inside a C program does not start it.
package boot

// The environment of a rank. A process that has EnvAgent was started by an
// agent; one without it is a job of its own (a singleton).
const (
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
}

// Hello claims a rank. A rank is claimed once: a second process that
// inherited the environment is refused by Welcome.Error and becomes a
// singleton.
type Hello struct {
	Rank int
	Pid  int
}

// Welcome is everything a rank must know of its job.
type Welcome struct {
	Error string // not empty: the claim is refused, and why

	Job    string   // a name for people and for logs
	Key    []byte   // the job's key, 32 random bytes; for rainnet only
	Rank   int      // in MPI_COMM_WORLD
	Size   int      // of MPI_COMM_WORLD
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
}

// Card is what the rank's endpoint tells others (rainnet.Card, encoded).
type Card struct{ Card []byte }

// Cards holds everybody's, by world rank.
type Cards struct{ Cards [][]byte }

// Finalize says that the rank has left MPI in order: its exit is no failure.
// From the agent it says that every rank has, and nobody needs this one's
// acknowledgements any more.
type Finalize struct{}

// Abort ends the job with an exit status. The rank waits to be killed.
type Abort struct {
	Code int
	Text string
}

// Waits lists the ranks in MPI_COMM_WORLD that a rank waits for at this instant, as
// far as it knows: a receive from any source names nobody. From the agent it is
// the question.
type Waits struct{ Ranks []int }
