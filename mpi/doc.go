// Package mpi is MPI for Go, without cgo: the processes of a job send each
// other messages, inside a host through shared memory and between hosts over
// every network path there is.
//
// A program calls Init first and Finalize last, and is started with rainrun:
//
//	rainrun -n 4 --host a,b ./program
//
// A program in a module of its own tells Go where this repository lies:
//
//	go mod edit -require rainmpi@v0.0.0 -replace rainmpi=/path/to/this/repository
//
// Without rainrun it is a job of one rank. World is the communicator of all
// ranks. Most programs need the generic functions (Send, Recv, Bcast,
// Allreduce, …), which take slices of scalars, of arrays or of structs of
// scalars. The methods of Comm take a Buffer, which has an address, a count and
// a Datatype, for everything else that MPI can describe.
//
// Errors are values of type *Error with a Class of the standard:
//
//	if errors.Is(err, mpi.ErrTruncate) { … }
//
// Nothing aborts the job but Abort. Every call may be made by several
// goroutines at a time, but on one Request or Info, which belong to one.
//
// While no goroutine is in a call, one of the package answers other hosts. Leave it one of
// GOMAXPROCS: goroutines that compute on all of them keep it waiting for 10 ms and more.
//
// # Supported
//
//   - point-to-point in all modes: blocking, nonblocking, persistent; probes and
//     matched probes; cancel; all calls that end many requests;
//     partitioned; send buffers of processes, sessions and communicators
//   - all datatype constructors, packing, external32
//   - all collectives on intra- and intercommunicators and with neighbours, each
//     blocking, nonblocking and persistent; predefined and user operations
//   - one-sided communication: windows of all kinds, all operations, all
//     synchronization; targets need not call MPI
//   - files: views, explicit offsets, individual and shared pointers, each blocking,
//     nonblocking, collective and split; native, external32 and user data
//     representations; atomic mode; hints
//   - groups, communicators, intercommunicators, attributes, info, virtual
//     topologies, sessions; communicators of the processes that share memory, a memory
//     node, a package or a core (SplitResource)
//   - processes that are spawned, accepted, connected to, joined; published names
//   - going on without processes that fail, in a job that rainrun was told to keep alive:
//     ErrProcFailed, Comm.Failed, AckFailed, Revoke
//   - the variables of the tools interface (Categories), and its events: rails that go
//     down and come back, processes out of reach, what is sent again (Watch)
//
// # Not supported
//
//   - Fortran's default kinds of other than 4 bytes, 8 for DOUBLE PRECISION (-fdefault-integer-8)
//   - MPIX_Comm_shrink and MPIX_Comm_agree; CreateGroup makes a communicator of survivors
//   - files that are no POSIX files; hints about striping are ignored; what hosts see
//     of each other's writes is what the file system that they share lets them see
//   - cancel of sends that have ended: those of short messages, and buffered ones
//
// # For language bindings
//
// Waiting, Progress, Wake, WakeRank, TakeCall, Table, Linger, AtExit, PredefinedDatatype,
// PredefinedOp, what they return, and Comm's Begin…, Flat, WakeMembers and CheckSend are for
// bindings that wait in their own language, as that of C does (binding.go, tables.go). Programs
// in Go need none of them.
//
// # Reading it
//
// engine.go is the middle: what arrives meets what was posted there. p2p.go
// starts sends and receives, memory.go and net.go are the two ways out, wait.go
// is how a caller waits, coll.go runs the schedules of internal/coll, win.go is
// where windows begin, file.go where files do, foreign.go where processes of other
// worlds do.
package mpi
