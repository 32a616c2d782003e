package examples

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"rainmpi/internal/alone"
)

func TestMain(m *testing.M) {
	alone.Clear()
	os.Exit(m.Run())
}

// tools returns the folder of mpicc and rainrun: the one in PATH, or this
// project's build.
func tools(t *testing.T) string {
	t.Helper()
	if path, err := exec.LookPath("rainrun"); err == nil {
		return filepath.Dir(path)
	}
	dir, err := filepath.Abs("../build/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"rainrun", "mpicc", "mpicxx"} {
		if _, err := os.Stat(filepath.Join(dir, tool)); err != nil {
			t.Fatalf("%s is neither in PATH nor in %s: run make build first", tool, dir)
		}
	}
	return dir
}

// build compiles the example in a folder and returns the program.
func build(t *testing.T, source string) string {
	t.Helper()
	prog := filepath.Join(t.TempDir(), "prog")
	var cmd *exec.Cmd
	switch filepath.Ext(source) {
	case ".c":
		cmd = exec.Command(filepath.Join(tools(t), "mpicc"), "-O2", "-Wall", "-Werror", "-o", prog, source, "-lm")
	case ".cc":
		cmd = exec.Command(filepath.Join(tools(t), "mpicxx"), "-O2", "-Wall", "-Werror", "-o", prog, source)
	default:
		cmd = exec.Command("go", "build", "-o", prog, "./"+source)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return prog
}

// run runs a program and returns what it printed and its exit status.
func run(t *testing.T, ranks int, prog string, args ...string) (string, int) {
	t.Helper()
	words := append([]string{"--timeout", "100", "-n", strconv.Itoa(ranks), prog}, args...)
	cmd := exec.Command(filepath.Join(tools(t), "rainrun"), words...)
	cmd.Dir = t.TempDir()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

func TestExamples(t *testing.T) {
	for _, e := range []struct {
		source string
		args   string
		ranks  []int
		says   string
	}{
		{"hello/hello.cc", "", []int{1, 3}, "hello from rank"},
		{"ring/ring.c", "100", []int{1, 2, 5}, "100 rounds"},
		{"ring/go", "100", []int{1, 3, 4}, "100 rounds"},
		{"pi/pi.c", "", []int{1, 4}, "3.14159265"},
		{"histogram/histogram.c", "", []int{1, 4}, "2000000 throws"},
		{"matrix/matrix.c", "", []int{1, 3, 4}, "right"},
		{"matrix/matrix.c", "small.dat 3 5", []int{1, 4}, "right"},
		{"heat/heat.c", "--size 96 --steps 200", []int{1, 3, 4}, "200 steps"},
		{"heat/go", "--size 96 --steps 200", []int{1, 3, 4}, "200 steps"},
		{"matmul", "--size 200", []int{1, 3, 4}, "matrices"},
		{"farm/farm.c", "3", []int{1, 2}, "3 workers found 78498 primes"},
		{"montecarlo", "", []int{1, 3}, "has volume 5.2"},
	} {
		t.Run(e.source, func(t *testing.T) {
			prog := build(t, e.source)
			for _, n := range e.ranks {
				out, status := run(t, n, prog, strings.Fields(e.args)...)
				if status != 0 || !strings.Contains(out, e.says) {
					t.Errorf("%d ranks: status %d, want 0 and %q in\n%s", n, status, e.says, out)
				}
			}
		})
	}
}

// A rank dies in the middle, on one host and on the second of two; the others end the work.
func TestSurvive(t *testing.T) {
	for _, e := range []struct{ source, args, says string }{
		{"survive/survive.c", "100 3", "pi is 3.14159265, of 100 pieces; 1 of 3 workers died"},
		{"survive/survive.c", "100 1", "pi is 3.14159265, of 100 pieces; 1 of 3 workers died"},
		{"survive/go", "1000 3 500", "3 of 4 ranks have done 1000 rounds"},
		{"survive/go", "1000 0 500", "3 of 4 ranks have done 1000 rounds"},
	} {
		prog := build(t, e.source)
		rainrun := append([]string{filepath.Join(tools(t), "rainrun"), "--timeout", "60", "--on-failure", "continue", "-n", "4"}, prog)
		check := func(where string, command ...string) {
			cmd := exec.Command(command[0], append(command[1:], strings.Fields(e.args)...)...)
			out, _ := cmd.CombinedOutput()
			if !strings.Contains(string(out), e.says) || !strings.Contains(string(out), "was killed by signal 9 (killed)") || !strings.Contains(string(out), "; the job goes on without it") {
				t.Errorf("%s %s, %s: %q is not in\n%s", e.source, e.args, where, e.says, out)
			}
			if status := cmd.ProcessState.ExitCode(); status != 137 {
				t.Errorf("%s %s, %s: status %d, want that of the rank that was killed, 137", e.source, e.args, where, status)
			}
		}
		check("one host", rainrun...)
		if os.Geteuid() == 0 {
			lab := []string{filepath.Join(tools(t), "rainbench"), "lab", "run", "--quiet", "--hosts", "2", "--rails", "2", "--"}
			check("two hosts", append(append(lab, rainrun[:len(rainrun)-1]...), "--host", "h1:2,h2:2", prog)...)
		}
	}
}

// A program in a module of its own is built as the README says.
func TestModuleOfOnesOwn(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text, err := os.ReadFile("montecarlo/main.go")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "main.go"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"go mod init example.org/prog",
		"go mod edit -require rainmpi@v0.0.0 -replace rainmpi=" + root,
		"go mod tidy",
		"go build -o prog .",
	} {
		cmd := exec.Command("sh", "-c", line)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", line, err, out)
		}
	}
	if out, status := run(t, 2, filepath.Join(dir, "prog")); status != 0 {
		t.Errorf("status %d\n%s", status, out)
	}
}

// The matrix is the same on two hosts: they share the file system, and nothing else.
func TestMatrixOnTwoHosts(t *testing.T) {
	rainbench := filepath.Join(tools(t), "rainbench")
	if out, err := exec.Command(rainbench, "lab", "run", "--hosts", "1", "--rails", "1", "--", "true").CombinedOutput(); err != nil {
		t.Skipf("this machine has no lab: %v\n%s", err, out)
	}
	cmd := exec.Command(rainbench, "lab", "run", "--hosts", "2", "--rails", "2", "--",
		filepath.Join(tools(t), "rainrun"), "--timeout", "60", "-n", "4", "--map-by", "node", "--host", "%hosts", build(t, "matrix/matrix.c"))
	cmd.Dir = t.TempDir()
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "right") {
		t.Errorf("%v\n%s", err, out)
	}
}

// Manager and workers on two lab hosts, which share neither memory nor loopback, over
// two rails of which one is cut meanwhile.
func TestFarmOnTwoHosts(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the lab's network namespaces need root; without it see rainbench lab run --user-namespace")
	}
	prog := build(t, "farm/farm.c")
	cmd := exec.Command(filepath.Join(tools(t), "rainbench"), "lab", "run", "--quiet", "--hosts", "2", "--rails", "2", "--rate", "1gbit",
		"--at", "300ms:cut:rail1", "--", filepath.Join(tools(t), "rainrun"), "--timeout", "60", "-n", "2", "--host", "h1:8,h2:8", "--map-by", "node", prog, "6")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "6 workers found 78498 primes") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The picture is the same whatever the ranks, and whatever the language.
func TestHeatImage(t *testing.T) {
	const size = 60
	args := []string{"--size", fmt.Sprint(size), "--steps", "50", "--image"}
	var grey [][]byte
	prog := build(t, "heat/heat.c")
	for _, n := range []int{1, 4} {
		file := filepath.Join(t.TempDir(), "plate.pgm")
		if out, status := run(t, n, prog, append(args, file)...); status != 0 {
			t.Fatalf("%d ranks: status %d\n%s", n, status, out)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		head := fmt.Sprintf("P5\n%d %d\n255\n", size, size)
		if !bytes.HasPrefix(text, []byte(head)) || len(text) != len(head)+size*size {
			t.Fatalf("%d bytes that begin with %.20q are no picture", len(text), text)
		}
		grey = append(grey, text[len(head):])
	}
	file := filepath.Join(t.TempDir(), "plate.png")
	if out, status := run(t, 3, build(t, "heat/go"), append(args, file)...); status != 0 {
		t.Fatalf("Go: status %d\n%s", status, out)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	fromGo := make([]byte, size*size)
	for i := range fromGo {
		r, _, _, _ := picture.At(i%size, i/size).RGBA()
		fromGo[i] = byte(r >> 8)
	}
	if !bytes.Equal(grey[0], grey[1]) {
		t.Error("the pictures of 1 and of 4 ranks differ")
	}
	for i := range fromGo {
		// The libraries' sines may differ in the last bit, and then a grey by one.
		if d := int(fromGo[i]) - int(grey[0][i]); d < -1 || d > 1 {
			t.Fatalf("point %d is %d in C and %d in Go", i, grey[0][i], fromGo[i])
		}
	}
}

// A wrong call ends a program with one message and a status.
func TestHeatTooSmall(t *testing.T) {
	for _, source := range []string{"heat/heat.c", "heat/go"} {
		out, status := run(t, 3, build(t, source), "--size", "2")
		if status == 0 || !strings.Contains(out, "--size") {
			t.Errorf("%s with 2 rows for 3 ranks: status %d\n%s", source, status, out)
		}
	}
}
