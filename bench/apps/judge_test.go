package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

// find returns a check of the table.
func find(t *testing.T, program, name string) check {
	for _, a := range apps {
		for _, c := range a.checks {
			if a.name == program && c.name == name {
				return c
			}
		}
	}
	t.Fatalf("%s has no check %s", program, name)
	return check{}
}

// good is what checks print when all is well, cut down to what is looked at.
var good = map[string]string{
	"fftw3 check": `make: Entering directory '/p/source/mpi'
perl -w ./../tests/check.pl --verbose --random -c=10  --mpi "rainrun -np 4 /p/mpi-bench"
Executing "rainrun -np 4 /p/mpi-bench --verbose=1   --verify 'ofc[8x9'"
` + strings.Repeat("ofc[8x9 1.7e-16 2.27e-16 3.0e-16\nokd]3o01 0 0 1e-17\n", 200) + `
     MPI FFTW transforms passed 10 tests, 1 CPU
      MPI FFTW transforms passed 10 tests, 2 CPUs
      MPI FFTW transforms passed 10 tests, 3 CPUs
      MPI FFTW transforms passed 10 tests, 4 CPUs
      MPI FFTW threaded transforms passed 10 tests!
`,
	"pnetcdf check": `make[4]: Entering directory '/p/source/test/C'
` + strings.Repeat("PASS: pres_temp\n", 120) + `XFAIL: xfail_runs.sh
# FAIL:  0
|  All sequential test programs have run successfully.
`,
	"pnetcdf ptest": `    test/testcases: Parallel testing on 4 MPI processes
` + strings.Repeat("*** TESTING C   vectors for put_vara/get_vara              ------ pass\n", 120) + `
    benchmarks/C: Parallel testing on 4 MPI processes
PASS:  C  parallel run on 4 processes --------------- aggregation
`,
}

// TestVerdict: what a check prints when all is well passes, and any change that
// speaks of a failure is a failure, also when the command ended well.
func TestVerdict(t *testing.T) {
	verdict := func(name, out string, status error) error {
		program, target, _ := strings.Cut(name, " ")
		j := newJudge(find(t, program, target).rules)
		j.follow(io.Discard, strings.NewReader(out))
		return j.verdict(status)
	}
	for name, out := range good {
		if err := verdict(name, out, nil); err != nil {
			t.Errorf("%s, a good run: %v", name, err)
		}
		if err := verdict(name, out, errors.New("exit status 2")); err == nil || !strings.Contains(err.Error(), "exit status 2, during ") {
			t.Errorf("%s, a good output with status 2: %v", name, err)
		}
		if err := verdict(name, "", nil); err == nil {
			t.Errorf("%s passes without a word", name)
		}
	}
	for _, c := range []struct{ name, old, new, says string }{
		{"fftw3 check", "okd]3o01 0 0 1e-17\n", "okd]3o01 nan nan nan\n", "the first: okd]3o01 nan"},
		{"fftw3 check", "okd]3o01 0 0 1e-17\n", "Found relative error 1.4e-01 (linear)\n", "relative error"},
		{"fftw3 check", "okd]3o01 0 0 1e-17\n", "killed\n", "killed"},
		{"fftw3 check", "okd]3o01 0 0 1e-17\n", "FAILED rainrun -np 2 /p/mpi-bench:  --verify 'ofc3'\n", "FAILED"},
		{"fftw3 check", "transforms passed 10 tests, 3 CPUs", "", "3 CPUs"},
		{"fftw3 check", "threaded", "", "threaded"},
		{"fftw3 check", strings.Repeat("ofc[8x9 1.7e-16 2.27e-16 3.0e-16\nokd]3o01 0 0 1e-17\n", 200), "", "0 tests passed"},
		{"pnetcdf check", "PASS: pres_temp\n", "FAIL: pres_temp\n", "FAIL: pres_temp"},
		{"pnetcdf check", "PASS: pres_temp\n", "ERROR: pres_temp\n", "ERROR: pres_temp"},
		{"pnetcdf check", "PASS: pres_temp\n", "SKIP: pres_temp\n", "SKIP: pres_temp"},
		{"pnetcdf check", "XFAIL: ", "XPASS: ", "XPASS"},
		{"pnetcdf check", strings.Repeat("PASS: pres_temp\n", 60), "", "60 tests passed"},
		{"pnetcdf check", "All sequential", "", "All sequential"},
		{"pnetcdf ptest", "-- pass", "-- fail with 3 mismatches", "fail with 3"},
		{"pnetcdf ptest", "-- pass", "-- \nError at line 7 in vectors.c: (NC_EINVAL)\n", "Error at line 7"},
		{"pnetcdf ptest", "benchmarks/C: ", "", "benchmarks/C"},
	} {
		changed := strings.Replace(good[c.name], c.old, c.new, 1)
		if changed == good[c.name] {
			t.Errorf("%s: %q does not stand in it", c.name, c.old)
		}
		if err := verdict(c.name, changed, nil); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s, %q in place of %q: %v", c.name, c.new, c.old, err)
		}
	}
}
