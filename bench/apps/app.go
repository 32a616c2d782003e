package main

import "regexp"

// An app is a source package: how it is built, and which checks its authors gave it.
// In words, @BIN@ is rainmpi's folder of commands and @CPUS@ the number of processors.
type app struct {
	name   string
	tools  map[string]string // commands that building takes, and Debian's packages that have them
	steps  [][]string        // what builds it, in the folder of its sources
	checks []check
}

// A check is a target of the program's own makefiles. In words, @RUN@ starts
// processes on all hosts of a place, and @RUN1@ one on the last of them: not the
// one on which make runs, if there is another.
type check struct {
	name   string
	words  []string // make's
	single bool     // its processes are single ones, so that nothing goes over the rails
	rules  rules
}

var apps = []app{
	{
		name:  "fftw3",
		tools: map[string]string{"perl": "perl"},
		steps: [][]string{
			{"./configure", "--enable-mpi", "--enable-threads", "--disable-fortran", "--disable-doc", "MPICC=@BIN@/mpicc"},
			{"make", "-j@CPUS@"},
		},
		checks: []check{{
			// Transforms of random shapes on 1 to 4 processes, and on 3 of two threads each;
			// every one must be linear, and right for an impulse and for a shift in time.
			name:  "check",
			words: []string{"-C", "mpi", "check", "MPIRUN=@RUN@"},
			rules: rules{
				part: regexp.MustCompile(`^Executing "rainrun .*(-np \d+) `),
				// The transform, and its errors in these three respects. One that is not a
				// number is greater than no bound: only this pattern sees that.
				passed: regexp.MustCompile(`^\S+( \d\S*){3}$`),
				// To the script that starts the transforms, a launcher that is killed has done well.
				failed: regexp.MustCompile(`^FAILED |^Found relative error|^(hangup|interrupted|killed)$|(?i)\bnan\b`),
				ends: []string{
					"MPI FFTW transforms passed 10 tests, 1 CPU",
					"MPI FFTW transforms passed 10 tests, 2 CPUs",
					"MPI FFTW transforms passed 10 tests, 3 CPUs",
					"MPI FFTW transforms passed 10 tests, 4 CPUs",
					"MPI FFTW threaded transforms passed 10 tests!",
				},
				atLeast: 100,
			},
		}},
	},
	{
		name: "pnetcdf",
		tools: map[string]string{"autoreconf": "autoconf", "automake": "automake", "libtoolize": "libtool",
			"m4": "m4", "g++": "g++"},
		steps: [][]string{
			{"autoreconf", "-fi"}, // the tarball has no configure
			{"./configure", "--disable-fortran", "MPICC=@BIN@/mpicc", "MPICXX=@BIN@/mpicxx"},
			{"make", "-j@CPUS@"},
			{"make", "-j@CPUS@", "tests"},
		},
		checks: []check{
			{
				// Files of every kind are written and read by every call, by one process.
				name: "check",
				// VERBOSE has make print what programs that fail have said; with -k it goes on after them.
				words:  []string{"-k", "check", "VERBOSE=1", "TESTSEQRUN=@RUN1@ -n 1"},
				single: true,
				rules: rules{
					part:    regexp.MustCompile(`^make\[\d+\]: Entering directory '.*/source/((?:test|src/utils)/.+)'$`),
					passed:  regexp.MustCompile(`^PASS: `),
					failed:  regexp.MustCompile(`^(FAIL|XPASS|ERROR|SKIP): `),
					ends:    []string{"All sequential test programs have run successfully."},
					atLeast: 67,
				},
			},
			{
				// The same and more by four processes, the examples and benchmarks too.
				name:  "ptest",
				words: []string{"ptest", "TESTMPIRUN=@RUN@ -n NP", "TESTSEQRUN=@RUN1@ -n 1"},
				rules: rules{
					part:    regexp.MustCompile(`^ +(\S+): Parallel testing on \d+ MPI processes$`),
					passed:  regexp.MustCompile(`-- pass$|^PASS: `),
					failed:  regexp.MustCompile(`-- fail|^(MPI )?Error\b`),
					ends:    []string{"benchmarks/C: Parallel testing on 4 MPI processes"}, // the last folder
					atLeast: 117,
				},
			},
		},
	},
}
