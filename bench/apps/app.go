package main

import (
	"regexp"
)

// An app is a source package: how it is built, which of its checks run under MPI,
// and what they say when they pass.
type app struct {
	name      string
	tools     map[string]string // commands that building takes, and the packages that have them
	configure [][]string        // in the folder of the sources; @MPICC@ is the wrapper, @CPUS@ their number
	checks    []check
}

// A check is a target of the program's own makefiles.
type check struct {
	dir     string // of the sources
	target  string
	sets    []string // variables of make: @RUN@ is the launcher with its options
	says    *regexp.Regexp
	atLeast int  // times that it says so
	alone   bool // without a launcher: on one host only
}

var apps = []app{
	{
		// Its check multiplies transforms of random sizes by 1 to 4 processes and
		// compares them with slow ones.
		name:      "fftw3",
		tools:     map[string]string{"perl": "perl"},
		configure: [][]string{{"./configure", "--enable-mpi", "--disable-fortran", "--disable-doc", "MPICC=@MPICC@"}, {"make", "-j@CPUS@"}},
		checks: []check{{dir: "mpi", target: "check", sets: []string{"MPIRUN=@RUN@", "NUMCHECK=20"},
			says: regexp.MustCompile(`(?m)^ +MPI FFTW transforms passed 20 tests, \d CPU`), atLeast: 4}},
	},
	{
		// Its check reads and writes files of every kind by every call, as single
		// processes; ptest does as four.
		name:  "pnetcdf",
		tools: map[string]string{"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool", "m4": "m4"},
		configure: [][]string{{"autoreconf", "-fi"}, {"./configure", "--disable-fortran", "--disable-cxx", "MPICC=@MPICC@"},
			{"make", "-j@CPUS@"}, {"make", "-j@CPUS@", "tests"}},
		checks: []check{
			{target: "check", says: regexp.MustCompile(`(?m)^PASS: `), atLeast: 50, alone: true},
			{target: "ptest", sets: []string{"TESTMPIRUN=@RUN@ -n NP"}, says: regexp.MustCompile(`(?m)-+ pass`), atLeast: 30},
		},
	},
}
