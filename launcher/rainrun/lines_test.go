package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// People's command lines run as they are, under the names that they use.
func TestOtherPeoplesLines(t *testing.T) {
	text, err := os.ReadFile("testdata/lines.sh")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for _, name := range []string{"mpirun", "mpiexec"} {
		if err := os.Symlink(self(t), filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	env := append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), envMain+"=1", "RAIN_AGENT_COMMAND=env H=%h", "OUT="+t.TempDir(),
		"HOSTS="+writeFile(t, "hosts", "a slots=2\nb slots=2 max_slots=4\n", 0o644),
		"APPS="+writeFile(t, "apps", "-n 1 echo master\n-n 1 echo worker\n", 0o644))
	ran := 0
	for _, line := range strings.Split(string(text), "\n") {
		count, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		want, err := strconv.Atoi(count)
		if err != nil {
			continue
		}
		ran++
		cmd := exec.Command("sh", "-c", strings.TrimSpace(command))
		cmd.Env = env
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.Output()
		silent := said.Len() == 0 || strings.Contains(command, "$?")
		if got := strings.Count(string(out), "\n"); err != nil || got != want || !silent {
			t.Errorf("%s\n%d lines, want %d, %v: %s%s", command, got, want, err, out, said.String())
		}
	}
	if ran < 20 {
		t.Error(fmt.Sprint("only ", ran, " lines"))
	}
}
