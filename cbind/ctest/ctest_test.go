package ctest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/internal/alone"
)

// prefix is where the build under test is: bin, include, lib.
var prefix string

func TestMain(m *testing.M) {
	alone.Clear()
	dir, err := os.MkdirTemp("", "rain-ctest-")
	if err == nil {
		prefix = dir
		err = build()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ctest:", err)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func build() error {
	root, err := filepath.Abs("../..")
	if err != nil {
		return err
	}
	for _, c := range [][]string{
		{"make", "-s", "-f", "cbind/cbind.mk", "B=" + prefix, "cbind"},
		{"go", "build", "-o", prefix + "/bin/rainrun", "./launcher/rainrun"},
	} {
		cmd := exec.Command(c[0], c[1:]...)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", strings.Join(c, " "), err, out)
		}
	}
	return nil
}

// run runs a command for at most three minutes and returns what it printed. However it ends, it must leave
// no process and no file behind.
func run(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	return runIn(t, t.TempDir(), nil, name, args...)
}

func runIn(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	x := newTrace(t)
	cmd.Env = append(append(os.Environ(), x.environ()...), env...)
	out, err := cmd.CombinedOutput()
	x.nothingLeft(t)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return string(out), err
}

func must(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := run(t, name, args...)
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// compile makes a program of a file in testdata.
func compile(t *testing.T, source string, flags ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", source))
	if err != nil {
		t.Fatal(err)
	}
	wrapper := "mpicc"
	if filepath.Ext(source) == ".cc" {
		wrapper = "mpicxx"
	}
	exe := filepath.Join(t.TempDir(), "prog")
	must(t, filepath.Join(prefix, "bin", wrapper), append([]string{"-g", "-O1", "-Wall", "-Werror", path, "-o", exe, "-lpthread"}, flags...)...)
	return exe
}

// TestPrograms runs every program of testdata alone and as jobs of 2 and 3 ranks.
func TestPrograms(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.c*")
	if err != nil || len(sources) == 0 {
		t.Fatal("no programs in testdata")
	}
	for _, source := range sources {
		source := filepath.Base(source)
		t.Run(source, func(t *testing.T) {
			exe := compile(t, source)
			if out, err := run(t, exe); err != nil {
				t.Errorf("alone: %v\n%s", err, out)
			}
			for _, n := range []string{"2", "3"} {
				if out, err := run(t, prefix+"/bin/rainrun", "-n", n, exe); err != nil {
					t.Errorf("with %s ranks: %v\n%s", n, err, out)
				}
			}
		})
	}
}
