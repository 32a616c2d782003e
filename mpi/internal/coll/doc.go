// Package coll holds the collective operations of MPI as schedules.
//
// A schedule is what one rank does in one collective: rounds of sends, receives,
// reductions and copies. It is built by a pure function of the operation's shape
// (which collective, ranks, root, counts, layouts of the datatypes, whether the
// operation commutes, whether the call is in place) and names its memory only
// symbolically: "byte 40 of the receive buffer, 3 elements of the receive type".
// So a communicator builds a schedule once, keeps it, and runs it again with
// other addresses without allocating.
//
// One executor, Run, runs them all. Blocking, nonblocking and persistent calls
// differ only in who waits. It is driven by events: the engine says Completed for
// each send and receive that it was given, perhaps at once, and the Run starts
// what comes next. Nothing here polls, blocks, or knows about time.
//
// Reading order: schedule.go (the form), builder.go (how algorithms write it),
// run.go (how it is executed), one file per algorithm, select.go (which one is
// taken when), comm.go (the schedules a communicator keeps).
//
// In the headers of the algorithms, p is the number of ranks, n the bytes of the
// vector, m the bytes of one rank's block, α the cost of a message, β that of a
// byte moved and γ that of a byte reduced, as in Thakur, Rabenseifner and Gropp,
// "Optimization of Collective Communication Operations in MPICH", IJHPCA 19(1),
// 2005.
package coll
