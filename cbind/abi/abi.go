// Package abi holds the MPI 5.0 standard ABI as data: what cbind's generator reads, and what Go
// code needs of it at run time.
//
//	functions.tsv   the 664 C functions: name, chapter, deprecated since, return type, parameters
//	constants.tsv   365 constants: name, C type, value
//	typedefs.txt    the handle and callback types
//
// The facts are those of the header that the MPI Forum publishes for ABI 1.0. From them `go generate
// ./cbind` writes include/mpi.h, the C shim, the list of exported symbols, and the two Go files of
// this package: the constants, and Unsupported.
//
// The package imports nothing, so that the launcher can list what the library lacks without
// linking the library.
package abi

// Functions is the number of functions in the standard ABI; the library exports each twice, as MPI_X and as PMPI_X.
const Functions = 664
