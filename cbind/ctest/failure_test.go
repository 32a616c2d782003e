package ctest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// ranksOf are layouts of a job, and how many ranks each has.
var ranksOf = []struct {
	name string
	n    int
	args []string
}{
	{"one host", 3, []string{"-n", "3"}},
	{"two hosts", 4, []string{"-n", "4", "--host", "a:2,b:2", "--agent-command", "env TEST_HOST=%h", "--rails", "127.0.0.1"}},
}

// TestFailure: a rank dies in the middle of every kind of call; what the others get, and that all
// but the dead end in order.
func TestFailure(t *testing.T) {
	exe := compile(t, "failure/modes.c")
	for _, where := range ranksOf {
		for _, mode := range []string{"recv", "exit", "irecv", "ssend", "rendezvous", "flood", "sendrecv", "sent", "probe", "any", "iany", "barrier",
			"bcast", "allreduce", "long", "iallreduce", "kept", "window"} {
			t.Run(where.name+"/"+mode, func(t *testing.T) {
				out, err := run(t, prefix+"/bin/rainrun", append(where.args, "--timeout", "30", "--on-failure", "continue", exe, mode)...)
				if n := strings.Count(out, "is right"); n != where.n-1 || !strings.Contains(out, "; the job goes on without it") {
					t.Errorf("%d of %d ranks are right; %v\n%s", n, where.n-1, err, out)
				}
				status := "exit status 137"
				if mode == "exit" {
					status = "exit status 1"
				}
				if err == nil || err.Error() != status {
					t.Errorf("%v, want %s", err, status)
				}
			})
		}
	}
}

// TestFailureAtRandom: a rank dies at a random moment between its start and 0.2 s, in the middle of short
// calls that C makes by itself on one host, or of long messages. RAIN_KILLS says how many do.
func TestFailureAtRandom(t *testing.T) {
	exe := compile(t, "failure/loop.c")
	random := rand.New(rand.NewPCG(1, 1))
	trials := 30
	if v := os.Getenv("RAIN_KILLS"); v != "" {
		var err error
		if trials, err = strconv.Atoi(v); err != nil {
			t.Fatalf("RAIN_KILLS=%s is no number", v)
		}
	}
	for trial := range trials {
		where := ranksOf[trial%2]
		victim := random.IntN(where.n)
		out, err := run(t, prefix+"/bin/rainrun", append(where.args, "--timeout", "30", "--on-failure", "continue",
			exe, fmt.Sprint(1+random.IntN(200_000)), fmt.Sprint(victim))...)
		if err == nil || err.Error() != "exit status 137" || !strings.Contains(out, fmt.Sprintf("%d are left", where.n-1)) ||
			!strings.Contains(out, fmt.Sprintf("rank %d on host ", victim)) {
			t.Fatalf("trial %d, %s: %v\n%s", trial, where.name, err, out)
		}
	}
}

// TestRevoke: whatever is waited for on a communicator ends when one rank revokes it.
func TestRevoke(t *testing.T) {
	exe := compile(t, "failure/revoke.c")
	for _, where := range ranksOf {
		out, err := run(t, prefix+"/bin/rainrun", append(where.args, "--timeout", "30", exe)...)
		if n := strings.Count(out, "is right"); n != where.n || err != nil {
			t.Errorf("%s: %d of %d ranks are right; %v\n%s", where.name, n, where.n, err, out)
		}
	}
}

// TestExtensionHeader: mpi-ext.h is for every dialect, and what is in it is found.
func TestExtensionHeader(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ file, compiler, flags string }{
		{"a.c", "mpicc", "-std=gnu89"},
		{"b.c", "mpicc", "-std=c99 -pedantic"},
		{"c.cc", "mpicxx", "-std=c++11"},
	} {
		source, exe := filepath.Join(dir, c.file), filepath.Join(dir, c.file+".out")
		text := "#include <mpi-ext.h>\n#if !defined(MPIX_Comm_revoke) || !defined(MPIX_ERR_REVOKED)\n#error\n#endif\n" +
			"int main(void) { int flag = 1, rc; MPI_Init(0, 0); rc = MPIX_Comm_is_revoked(MPI_COMM_SELF, &flag); MPI_Finalize(); return rc || flag; }\n"
		if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		must(t, filepath.Join(prefix, "bin", c.compiler), append(strings.Fields(c.flags), "-Wall", "-Werror", "-Wno-unused-function", source, "-o", exe)...)
		if out, err := run(t, exe); err != nil {
			t.Errorf("%s: %v\n%s", c.flags, err, out)
		}
	}
}

// TestNoExtensions: with a library that is not ours the functions of mpi-ext.h say that they are not
// supported. The program brings that library's MPI_Get_library_version.
func TestNoExtensions(t *testing.T) {
	source := filepath.Join(t.TempDir(), "other.c")
	text := `#include <mpi-ext.h>
int MPI_Get_library_version(char *s, int *n) { strcpy(s, "another MPI"); *n = 11; return MPI_SUCCESS; }
int main(void) {
    int flag;
    MPI_Init(0, 0);
    MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
    int rc = MPIX_Comm_is_revoked(MPI_COMM_SELF, &flag);
    MPI_Finalize();
    return rc != MPI_ERR_UNSUPPORTED_OPERATION;
}
`
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "other")
	must(t, prefix+"/bin/mpicc", source, "-o", exe)
	if out, err := run(t, exe); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
