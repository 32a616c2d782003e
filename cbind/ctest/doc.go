// Package ctest tests the C face from outside: it builds the library, the header and the wrappers as
// `make` does, into a folder of its own, compiles the programs in testdata with them, and runs each
// as a singleton and under rainrun. A program exits with status 0 if all is well and otherwise says
// what is not.
package ctest
