package main

import (
	"strings"
	"testing"
)

func TestPlan(t *testing.T) {
	const flags = "-I/p/include"
	const libs = "-L/p/lib -Wl,-rpath,/p/lib -Wl,--enable-new-dtags -lmpi_abi"
	for _, c := range []struct {
		name, env, args string
		answer, command string
	}{
		{"mpicc", "", "a.c -o a", "", "gcc " + flags + " a.c -o a " + libs},
		{"mpicc_abi", "", "-c a.c", "", "gcc " + flags + " -c a.c"},
		{"mpicxx", "", "a.cc", "", "g++ " + flags + " a.cc " + libs},
		{"mpicc", "MPICH_CC=clang", "a.c", "", "clang " + flags + " a.c " + libs},
		{"mpicc", "OMPI_CC=ccache gcc", "-c a.c", "", "ccache gcc " + flags + " -c a.c"},
		{"mpic++", "MPI_CXX=clang++", "-c a.cc", "", "clang++ " + flags + " -c a.cc"},
		{"mpicc", "", "-cc=icx -c a.c", "", "icx " + flags + " -c a.c"},
		{"mpicc", "", "-show", "gcc " + flags + " " + libs, ""},
		{"mpicc", "", "-show -c a.c", "gcc " + flags + " -c a.c", ""},
		{"mpicc", "", "-showme a.c", "gcc " + flags + " a.c " + libs, ""},
		{"mpicc", "", "-compile-info", "gcc " + flags + " -c", ""},
		{"mpicc", "", "-link_info", "gcc " + libs, ""},
		{"mpicc", "", "-showme:command", "gcc", ""},
		{"mpicc", "", "--showme:compile", flags, ""},
		{"mpicc", "", "-showme:link", libs, ""},
		{"mpicc", "", "-showme:incdirs", "/p/include", ""},
		{"mpicc", "", "-showme:libdirs", "/p/lib", ""},
		{"mpicc", "", "-showme:libs", "mpi_abi", ""},
		{"mpicc", "", "-showme:version", "mpicc of rainmpi: the standard ABI of MPI 5.0 (libmpi_abi.so.1)", ""},
		{"mpicc", "", "-help", strings.TrimSuffix(newWrapper("mpicc", "/p", func(string) string { return "" }).usage(), "\n"), ""},
		{"mpicc", "", "-v", "mpicc of rainmpi: the standard ABI of MPI 5.0 (libmpi_abi.so.1)", "gcc " + flags + " -v"},
		{"mpicc", "", "--version", "", "gcc " + flags + " --version"},
		{"mpicc", "", "-dumpversion -o x", "", "gcc " + flags + " -dumpversion -o x"},
	} {
		getenv := func(name string) string {
			if value, ok := strings.CutPrefix(c.env, name+"="); ok {
				return value
			}
			return ""
		}
		answer, command, err := newWrapper(c.name, "/p", getenv).plan(strings.Fields(c.args))
		if err != nil || strings.TrimSuffix(answer, "\n") != c.answer || strings.Join(command, " ") != c.command {
			t.Errorf("%s %s %s:\n got %q %q %v\nwant %q %q", c.env, c.name, c.args, answer, command, err, c.answer, c.command)
		}
	}
}

func TestPlanWithoutArguments(t *testing.T) {
	if _, _, err := newWrapper("mpicc", "/p", func(string) string { return "" }).plan(nil); err == nil {
		t.Error("no arguments must be an error")
	}
}

func TestJoinQuotes(t *testing.T) {
	if got, want := join([]string{"-I/a b", "it's"}), `'-I/a b' 'it'\''s'`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
