// Package main is the C face of rainmpi: libmpi_abi.so.1, the standard ABI of MPI 5.0.
//
//	MPI_Send = weak PMPI_Send   shim_gen.c   handles and addresses become integers
//	rain_Send                   p2p.go       handle → object, buffer → mpi.Buffer, error → code
//	Comm.Isend                  rainmpi/mpi
//
// A Go entry rain_X never waits on the hot path and never runs a user's function: it returns to C,
// which does either and comes back with the same frame (frame.h). There is one Go file per noun,
// with mpi's names. What is written in C by hand: again.c waits, callback.c runs the user's functions,
// raise.c the error handlers, signal.c and fork.c keep the Go runtime safe from what C programs do,
// native.c needs no engine; and what is done without a crossing, eager.c short messages, flat.c (with
// reduce.c) small collectives, window.c one-sided operations on mapped memory.
//
// Built by cbind.mk with -buildmode=c-shared.
package main

//go:generate go run ./gen

// main is not run: the package is a library.
func main() {}
