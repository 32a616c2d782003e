package ctest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// answer is a program that prints the size of the world.
const answer = `#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv) {
    int size;
    MPI_Init(&argc, &argv);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    printf("size %d\n", size);
    return MPI_Finalize();
}
`

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func need(t *testing.T, tool string) {
	t.Helper()
	if _, err := exec.LookPath(tool); err != nil {
		t.Skipf("%s is not installed", tool)
	}
}

// TestWrapperFindsItsPlace: the whole prefix is moved, and called through a symbolic link.
func TestWrapperFindsItsPlace(t *testing.T) {
	moved := filepath.Join(t.TempDir(), "moved place")
	must(t, "cp", "-a", prefix, moved)
	link := filepath.Join(t.TempDir(), "mpicc")
	if err := os.Symlink(moved+"/bin/mpicc", link); err != nil {
		t.Fatal(err)
	}
	source, exe := write(t, "a.c", answer), filepath.Join(t.TempDir(), "a")
	must(t, link, source, "-o", exe)
	if out := must(t, exe); out != "size 1\n" {
		t.Errorf("got %q", out)
	}
	if out := must(t, "ldd", exe); !strings.Contains(out, moved) {
		t.Errorf("the program does not find the moved library: %s", out)
	}
}

func TestWrapperAnswers(t *testing.T) {
	for _, name := range []string{"mpicc", "mpicxx", "mpic++", "mpiCC", "mpicc_abi"} {
		wrapper := filepath.Join(prefix, "bin", name)
		for _, question := range []string{"-showme:link", "-link-info", "-show"} {
			if out := must(t, wrapper, question); !strings.Contains(out, "-lmpi_abi") || !strings.Contains(out, prefix+"/lib") {
				t.Errorf("%s %s: %s", name, question, out)
			}
		}
		out, err := run(t, wrapper)
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || out == "" {
			t.Errorf("%s without arguments: %v %q, want a message and status 1", name, err, out)
		}
		must(t, wrapper, "-v")
	}
	// The compiler's status is the wrapper's.
	if _, err := run(t, prefix+"/bin/mpicc", "-c", "/nonexistent.c"); err == nil {
		t.Error("a compilation that fails reports success")
	}
	out, err := runIn(t, t.TempDir(), []string{"MPI_CC=no-such-compiler"}, prefix+"/bin/mpicc", "-c", "x.c")
	if err == nil || !strings.Contains(out, "no-such-compiler") {
		t.Errorf("a compiler that is not there: %v %s", err, out)
	}
}

func TestPkgConfig(t *testing.T) {
	need(t, "pkg-config")
	env := []string{"PKG_CONFIG_PATH=" + prefix + "/lib/pkgconfig"}
	for _, name := range []string{"rainmpi", "mpi"} {
		flags, err := runIn(t, t.TempDir(), env, "pkg-config", "--cflags", "--libs", name)
		if err != nil {
			t.Fatalf("pkg-config %s: %v %s", name, err, flags)
		}
		source, exe := write(t, "a.c", answer), filepath.Join(t.TempDir(), "a")
		must(t, "gcc", append([]string{source, "-o", exe}, strings.Fields(flags)...)...)
		if out := must(t, exe); out != "size 1\n" {
			t.Errorf("got %q", out)
		}
	}
}

// TestFindMPI: CMake asks the wrapper for flags and runs MPI_Get_library_version without launcher.
func TestFindMPI(t *testing.T) {
	need(t, "cmake")
	dir := t.TempDir()
	files := map[string]string{
		"a.c":  answer,
		"b.cc": answer,
		"CMakeLists.txt": `cmake_minimum_required(VERSION 3.16)
project(find C CXX)
set(MPI_DETERMINE_LIBRARY_VERSION ON)
find_package(MPI REQUIRED COMPONENTS C CXX)
add_executable(a a.c)
target_link_libraries(a MPI::MPI_C)
add_executable(b b.cc)
target_link_libraries(b MPI::MPI_CXX)
message(STATUS "version ${MPI_C_VERSION} library ${MPI_C_LIBRARY_VERSION_STRING} run ${MPIEXEC_EXECUTABLE}")
`,
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("rainrun", prefix+"/bin/mpiexec"); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	env := []string{"PATH=" + prefix + "/bin:" + os.Getenv("PATH")}
	out, err := runIn(t, dir, env, "cmake", "-S", ".", "-B", "b")
	if err != nil || !strings.Contains(out, "version 5.0 library rainmpi") || !strings.Contains(out, "run "+prefix+"/bin/mpiexec") {
		t.Fatalf("cmake: %v\n%s", err, out)
	}
	if out, err := runIn(t, dir, env, "cmake", "--build", "b"); err != nil {
		t.Fatalf("cmake --build: %v\n%s", err, out)
	}
	for _, exe := range []string{"b/a", "b/b"} {
		if out, err := run(t, filepath.Join(dir, exe)); err != nil || out != "size 1\n" {
			t.Errorf("%s: %v %q", exe, err, out)
		}
	}
}

// TestPython loads the library as Python does: dlopen with RTLD_LOCAL, after start, from a process
// that has threads already.
func TestPython(t *testing.T) {
	need(t, "python3")
	script, err := filepath.Abs("testdata/local.py")
	if err != nil {
		t.Fatal(err)
	}
	lib := prefix + "/lib/libmpi_abi.so.1"
	if out, err := run(t, "python3", script, lib); err != nil || !strings.Contains(out, "sum 1") {
		t.Errorf("alone: %v\n%s", err, out)
	}
	if out, err := run(t, prefix+"/bin/rainrun", "-n", "3", "python3", script, lib); err != nil || strings.Count(out, "sum 3") != 3 {
		t.Errorf("with 3 ranks: %v\n%s", err, out)
	}
}

// TestFatal: the default error handler says in one line which call of which rank failed on which host,
// with which argument and on which communicator, and the remedy, and ends the job with a status that
// is not 0. The other rank is in the middle of a barrier, or has not come to it, and a child of its
// own sleeps: nothing of it is left (runIn looks).
func TestFatal(t *testing.T) {
	source := write(t, "fatal.c", `#include <mpi.h>
#include <unistd.h>
int main(int argc, char **argv) {
    int x = 0, rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 1 && fork() == 0) {
        execlp("sleep", "sleep", "100", (char *)0);
        _exit(1);
    }
    if (rank == 0) MPI_Send(&x, 1, MPI_INT, 1000000, 0, MPI_COMM_WORLD);
    MPI_Barrier(MPI_COMM_WORLD);
    return MPI_Finalize();
}
`)
	exe := filepath.Join(t.TempDir(), "fatal")
	must(t, prefix+"/bin/mpicc", source, "-o", exe)
	for _, command := range [][]string{{exe}, {prefix + "/bin/rainrun", "-n", "2", exe},
		{prefix + "/bin/rainrun", "-n", "2", "--host", "a:1,b:1", "--agent-command", "env TEST_HOST=%h", "--rails", "127.0.0.1", exe}} {
		out, err := run(t, command[0], command[1:]...)
		exit, ok := err.(*exec.ExitError)
		if !ok || exit.ExitCode() != 6 {
			t.Errorf("%v: %v, want status 6 (MPI_ERR_RANK)", command, err)
		}
		if strings.Count(out, "\n") != 1 {
			t.Errorf("%v: not one line: %s", command, out)
		}
		words := []string{"MPI_Send(", "dest=1000000", " on MPI_COMM_WORLD", "MPI_ERR_RANK", "MPI_ERRORS_RETURN"}
		if command[0] != exe {
			words = append(words, "rank ", "on host ")
		}
		for _, word := range words {
			if !strings.Contains(out, word) {
				t.Errorf("%v: the message does not say %s: %s", command, word, out)
			}
		}
	}
}

// TestBeforeInit: a call that needs MPI to run says so.
func TestBeforeInit(t *testing.T) {
	source := write(t, "early.c", "#include <mpi.h>\nint main(void) { return MPI_Barrier(MPI_COMM_WORLD); }\n")
	exe := filepath.Join(t.TempDir(), "early")
	must(t, prefix+"/bin/mpicc", source, "-o", exe)
	out, err := run(t, exe)
	if err == nil || !strings.Contains(out, "MPI_Init") || !strings.Contains(out, "MPI_Barrier") {
		t.Errorf("%v: %s", err, out)
	}
}
