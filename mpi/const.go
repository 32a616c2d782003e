package mpi

// Wildcards and special ranks; the values are the standard ABI's.
const (
	AnySource = -1 // a receive from whoever sends (MPI 5.0 section 3.2.4)
	AnyTag    = -2
	ProcNull  = -3 // communication with nobody (section 3.10)
	Root      = -4 // this process is the root of an intercommunicator's collective
	Undefined = -32766

	// TagUB is the largest tag. The standard asks for at least 32767.
	TagUB = 1<<31 - 1
)

// Levels of thread support (MPI 5.0 section 11.6).
const (
	ThreadSingle     = 0
	ThreadFunneled   = 1024
	ThreadSerialized = 2048
	ThreadMultiple   = 4096
)

// Version of the MPI standard that this package follows.
const (
	Version    = 5
	Subversion = 0
)
