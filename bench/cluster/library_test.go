package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The library path that rainrun has goes with the ranks to other hosts; a library
// that is not found there is named.
func TestLibraryPath(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"part.c": "int part(void) { return 0; }\n", "whole.c": "int part(void);\nint main(void) { return part(); }\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	lib, prog := filepath.Join(dir, "lib"), filepath.Join(dir, "whole")
	if err := os.Mkdir(lib, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, words := range [][]string{{"-shared", "-fPIC", "-o", lib + "/libpart.so", dir + "/part.c"}, {"-o", prog, dir + "/whole.c", "-L" + lib, "-lpart"}} {
		if out, err := exec.Command("gcc", words...).CombinedOutput(); err != nil {
			t.Fatalf("gcc: %v: %s", err, out)
		}
	}
	args := []string{"-n", "2", "--host", "a:1,b:1", "--rails", "127.0.0.1", "--agent-command", "env -u LD_LIBRARY_PATH H=%h", prog}
	with := command(append([]string{filepath.Join(bin(t), "rainrun")}, args...)...)
	with.Env = append(os.Environ(), "LD_LIBRARY_PATH="+lib)
	run(t, with).want(t, 0)
	run(t, command(append([]string{filepath.Join(bin(t), "rainrun")}, args...)...)).want(t, 127, "libpart.so", "on host ", "status 127")
}
