package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

func sortedLines(s string) []string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	sort.Strings(lines)
	return lines
}

func TestPrograms(t *testing.T) {
	res := rainrun(t, "-n", "3", "sh", "-c", "echo $PMI_RANK/$OMPI_COMM_WORLD_SIZE $RAIN_RANK $MPI_LOCALRANKID")
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "0/3 0 0,1/3 1 1,2/3 2 2" {
		t.Errorf("got %q", got)
	}
}

func TestMPMD(t *testing.T) {
	res := rainrun(t, "-n", "1", "-env", "WHO", "one", "sh", "-c", "echo $PMI_RANK $WHO", ":", "-np", "2", "sh", "-c", "echo $PMI_RANK two")
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "0 one,1 two,2 two" {
		t.Errorf("got %q", got)
	}
	file := writeFile(t, "apps", "# two programs\n-n 1 echo 'a  b'\n-n 1 echo c\n", 0o644)
	res = rainrun(t, "-configfile", file)
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != "a  b,c" {
		t.Errorf("got %q", got)
	}
}

// Output keeps its bytes, and lines of different ranks do not mix.
func TestOutput(t *testing.T) {
	res := rainrun(t, "-n", "4", "sh", "-c", `i=0; while [ $i -lt 500 ]; do printf 'rank %s ' $PMI_RANK; printf 'line %s end\n' $i; i=$((i+1)); done`)
	res.want(t, 0)
	lines := sortedLines(res.out)
	if len(lines) != 2000 {
		t.Errorf("%d lines, want 2000", len(lines))
	}
	for _, l := range lines {
		var r, i int
		if n, _ := fmt.Sscanf(l, "rank %d line %d end", &r, &i); n != 2 {
			t.Fatalf("a line is not whole: %q", l)
		}
	}
	if res := rainrun(t, "-n", "1", "printf", `a\nb`); res.out != "a\nb" {
		t.Errorf("bytes were changed: %q", res.out)
	}
	res = rainrun(t, "-n", "2", "-l", "echo", "x")
	if got := strings.Join(sortedLines(res.out), ","); got != "[0] x,[1] x" {
		t.Errorf("tags: %q", got)
	}
	prefix := filepath.Join(t.TempDir(), "sub", "out")
	rainrun(t, "-n", "2", "--output-filename", prefix, "sh", "-c", "echo hello; echo bad >&2").want(t, 0)
	for name, want := range map[string]string{".0.out": "hello\n", ".1.err": "bad\n"} {
		if b, err := os.ReadFile(prefix + name); string(b) != want {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
}

func TestStdin(t *testing.T) {
	big := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB, more than any pipe holds
	res := start(t, big, "-n", "2", "sh", "-c", "wc -c | tr -d ' '").wait()
	res.want(t, 0)
	if got := strings.Join(sortedLines(res.out), ","); got != fmt.Sprintf("0,%d", len(big)) {
		t.Errorf("got %q", got)
	}
	// A rank that does not read it is no reason to wait.
	start(t, big, "-n", "1", "true").wait().want(t, 0)
	if res := start(t, "in", "-n", "2", "--stdin", "1", "-l", "cat").wait(); res.out != "[1] in" {
		t.Errorf("--stdin 1: %q %q", res.out, res.err)
	}
}

func TestExitStatus(t *testing.T) {
	rainrun(t, "-n", "4", "sh", "-c", "exit $((PMI_RANK*3))").want(t, 3, "rank 1 on host", "status 3")
	rainrun(t, "-n", "2", "sh", "-c", "kill -9 $$").want(t, 137, "rank 0", "signal 9 (killed)")
	res := rainrun(t, "-n", "2", "sh", "-c", "if [ $PMI_RANK = 1 ]; then exit 5; fi; sleep 1000")
	res.want(t, 5, "rank 1", "the job was ended")
	rainrun(t, "-n", "2", "--timeout", "0.3", "sleep", "1000").want(t, 110, "--timeout")
	t.Setenv("MPIEXEC_TIMEOUT", "0.2")
	rainrun(t, "sleep", "1000").want(t, 110)
}

func TestWorkingDirectory(t *testing.T) {
	dir, _ := filepath.EvalSymlinks(t.TempDir())
	if res := rainrun(t, "-n", "1", "-wdir", dir, "pwd"); res.out != dir+"\n" {
		t.Errorf("pwd is %q, %q", res.out, res.err)
	}
	rainrun(t, "-n", "1", "--wdir", "/no/such", "pwd").want(t, 127, "working directory /no/such", "no such")
	prog := writeFile(t, "mine", "#!/bin/sh\necho mine\n", 0o755)
	if res := rainrun(t, "-n", "1", "-path", filepath.Dir(prog), "mine"); res.out != "mine\n" {
		t.Errorf("-path: %q %q", res.out, res.err)
	}
}

func TestPrograms_Bad(t *testing.T) {
	rainrun(t, "-n", "2", "./no-such-program").want(t, 127, "host ", "program ./no-such-program does not exist")
	rainrun(t, "-n", "2", "no-such-program").want(t, 127, "program no-such-program: not found in PATH")
	plain := writeFile(t, "plain", "x", 0o644)
	rainrun(t, plain).want(t, 127, "not executable", "chmod +x")
	rainrun(t, t.TempDir()).want(t, 127, "is a directory")
	noMagic := writeFile(t, "script", "echo no first line\n", 0o755)
	rainrun(t, noMagic).want(t, 127, "script without a first line")
	noLoader := writeFile(t, "script", "#!/no/such/sh\n", 0o755)
	rainrun(t, noLoader).want(t, 127, "interpreter")
}

func TestHelp(t *testing.T) {
	res := rainrun(t, "--help")
	res.want(t, 0)
	if !strings.Contains(res.out, "rainrun -n 8 --host a:4,b:4") {
		t.Error("no examples in the help text")
	}
	rainrun(t, "-version").want(t, 0)
	rainrun(t, "info").want(t, 0)
}

func TestInfo(t *testing.T) {
	res := rainrun(t, "info", "--unsupported")
	res.want(t, 0)
	for _, name := range strings.Fields(res.out) {
		if !strings.HasPrefix(name, "MPI_") {
			t.Errorf("%q is no function of MPI", name)
		}
	}
}
