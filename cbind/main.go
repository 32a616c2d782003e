// Package main is the C face of rainmpi: libmpi_abi.so.1, the standard ABI of MPI 5.0.
//
//	MPI_Send = weak PMPI_Send   shim_gen.c   handles and addresses become integers
//	rain_Send                   p2p.go       handle → object, buffer → mpi.Buffer, error → code
//	Comm.Isend                  rainmpi/mpi
//
// A Go entry rain_X never waits on the hot path and never runs a user's function: it returns to C,
// which does either and comes back with the same frame (frame.h). There is one Go file per noun,
// with mpi's names. In C, by hand:
//
//	again.c                       waits
//	callback.c, raise.c           run the user's functions and error handlers
//	eager.c, flat.c, window.c     short messages, small collectives and one-sided operations on
//	                              mapped memory, without a crossing
//	signal.c, fork.c, session.c   keep the Go runtime safe from what C programs do, to their end
//	calm.c                        keeps Go's threads from disturbing the program
//	native.c, extension.c         functions without an engine; those of mpi-ext.h
//
// Built by cbind.mk with -buildmode=c-shared.
package main

//go:generate go run ./gen

// main is not run: the package is a library.
func main() {}
