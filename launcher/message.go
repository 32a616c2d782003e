package launcher

import "time"

// Kinds of frames. The body is the JSON of the type named, none, or binary.
const (
	_ byte = iota

	// rainrun → agent
	kindSetup    // Setup: who you are
	kindStart    // Start: the plan
	kindStdin    // binary: input for the rank that reads it; empty: end of input
	kindSignal   // Signal
	kindEnd      // Cause: kill the ranks
	kindBye      // none: every host is done; exit
	kindFile     // binary: a piece of a program, see preload.go
	kindGo       // none: all hosts have what they need; fork the ranks
	kindFailed   // RanksFailed: from agents too; the job goes on
	kindHostLost // HostLost: to rainrun too; the job goes on
	kindProbe    // Probe: look for the others (rainrun check)
	kindReceived // Received: what has come from you; you may forget it

	// agent → rainrun
	kindReady     // Ready
	kindPrepared  // none: programs and cores are there, the ranks could be forked
	kindStarted   // Started
	kindInit      // Init: a rank has called MPI_Init
	kindOut       // binary: a rank's output, see packOut
	kindStdinDone // StdinDone: flow control
	kindExit      // Exit: a rank has ended
	kindEnding    // Cause: this agent has begun to kill its ranks
	kindNotice    // Notice: a line for people
	kindDone      // none: no rank is left and all output is sent
	kindWaits     // RankWaits: for whom a rank waited when the end began
	kindGoodbye   // Goodbye: from the guardian, the agent is dead
	kindClock     // Clock (rainrun check)
	kindProbed    // Probed (rainrun check)
	kindRelayed   // binary: a frame of or for another agent, see packRelayed

	// agent → agent
	kindHello       // none
	kindLost        // Lost: my start channel has ended (from rainrun: so has yours)
	kindFromRainrun // binary: kind and body of a frame of rainrun's for you
	kindCards       // HostCards
	kindFinalized   // HostFinalized
	kindMember      // binary: of the machine of rainnet/member
	kindPMIFence    // PMIFence
	kindSpawn       // SpawnAsk
	kindWorld       // World
	kindBirth       // Birth
	kindSpawned     // SpawnAnswer
	kindEndWorld    // WorldEnd
	kindTies        // HostTies
	kindOver        // WorldOver
	kindName        // NameAsk
	kindNamed       // NameAnswer

	kindLast
)

// Protocol is the version of these messages, and of what agents and ranks of one
// job say to each other: all must be of the same.
const Protocol = 4

// Setup is the first message to an agent. It carries the job's key, which
// therefore never stands in arguments or in the environment.
type Setup struct {
	Protocol    int
	Job         string
	Key         []byte
	Host        int      // index into Hosts
	Hosts       []string // every host that got an agent
	Multi       bool     // more than one host: open an endpoint
	Lead        int      // of two halves the one with this host goes on: rainrun's, if it is one of them
	Home        bool     // rainrun runs on Lead
	Witnesses   []int    // hosts without ranks, which vote
	GoesOn      bool     // --on-failure continue
	Probe       bool     // start nothing: rainrun check
	Rails       []string
	PortLow     int
	PortHigh    int
	KillGrace   time.Duration
	HostTimeout time.Duration
	Verbose     bool
	History     string // file for the history of paths, see history.FileOn; empty: none
}

// Ready is the agent's answer.
type Ready struct {
	Protocol int
	Cores    int // cores its ranks may use
	Units    map[string]int
	Node     string     // its name for Slurm, if that has started the agent
	Machine  string     // equal on agents that share one kernel
	Facts    *HostFacts // rainrun check
	Card     []byte     // rainnet.Card; empty in a job on one host
	LastCard []byte     // rainrun check: see Probe.Last
	Rails    string     // for people: addresses of the endpoint
	Error    string     // not empty: this agent cannot take part, and why
}

// Start is the plan, the same for all agents.
type Start struct {
	Size   int
	Slots  int
	HostOf []int // world rank → host
	Apps   []App
	AppOf  []int // world rank → App
	Env    []string
	Cards  [][]byte // of the agents, by host

	// HostSlots and Map are for processes that are spawned.
	HostSlots []int
	Map       Mapping

	Options map[string]string

	// Stdin are the ranks that read rainrun's standard input.
	Stdin []int
	Bind  Binding
	// FirstCore and Crowd are of this host. Several agents may share one
	// machine (namespaces): those before this one use the cores below
	// FirstCore, and all together run Crowd ranks there.
	FirstCore int
	Crowd     int
	// Hold: fork the ranks when kindGo comes, not now.
	Hold bool
	// Interactive: a person sits at the terminal and types the input.
	Interactive bool
}

// App is one program of a job.
type App struct {
	Argv []string
	N    int      // ranks; 0: as many as there are slots
	Env  []string // K=V for this program alone
	Dir  string   // working directory; empty: DefaultDir
	Path string   // searched for Argv[0] before PATH

	Preload bool // the program's file is sent along

	DefaultDir string // rainrun's own; falls back to the home directory
	Hosts      []Host // where it may run; empty: the job's hosts
}

// Started says which process is which rank.
type Started struct{ Ranks []StartedRank }

// StartedRank is a rank after its start.
type StartedRank struct {
	Rank, Pid int
	Cores     string // where it is pinned; empty: not pinned
	Program   string // for messages
}

// Init says that a rank has called MPI_Init.
type Init struct{ Rank int }

// Signal passes a signal on to the ranks.
type Signal struct{ Signal int }

// StdinDone says how many bytes of input a rank has taken so far; stdinAll: it
// takes all that may come.
type StdinDone struct {
	Rank  int
	Bytes int64
}

// Received counts the frames that have come from an agent.
type Received struct{ Frames uint64 }

// Notice is a line for people. Several hosts tell of one silence; rainrun
// prints what the first says.
type Notice struct {
	Text    string
	Hosts   [2]int // who is silent, and -1; or a pair that do not reach each other, the lower first
	Ranks   bool   // it is ranks of the pair, whose agents reach each other
	Silence bool   // it begins; not: it is over
	Detail  bool   // of something else: printed whenever it comes
}

// Exit is the end of one rank.
type Exit struct {
	Rank, Pid int
	Code      int    // exit status
	Signal    int    // or the signal that killed it
	Core      bool   // core dumped
	Inited    bool   // it had called MPI_Init
	Finalized bool   // and MPI_Finalize
	NoMemory  int    // killed: processes that the kernel has killed on this machine, since the job began, for want of memory
	Killed    bool   // it ended after this agent had begun to kill its ranks
	Gone      bool   // its MPI process has ended; a wrapper around it lives
	GoesOn    bool   // it has failed, and the job goes on
	Error     string // it could not be started, and why
}

// RankWaits says for whom a rank waited.
type RankWaits struct {
	Rank int
	For  []int
}

// Failed says whether this end by itself makes the job fail.
func (e Exit) Failed() bool {
	return !e.Killed && (e.Error != "" || e.Gone || e.Code != 0 || e.Signal != 0 || e.Inited && !e.Finalized)
}

// A Cause is why a job ends before its ranks have.
type Cause struct {
	Host   int    // where it was noticed; -1: by rainrun
	Dead   bool   // the agent of Host is known to be dead: nobody waits for its answer
	Fenced bool   // Host has killed its ranks, because it is cut off from the others
	Leaves bool   // the agent of Host was told to end: the others are not concerned, if the job can go on
	Away   []int  // hosts that Host does not reach, or that were removed
	Code   int    // the job's exit status; 0: that of the lowest rank that failed
	Text   string // one line for people; empty: rainrun makes it from Exits
}

// Goodbye is the guardian's last word.
type Goodbye struct{ Text string }
