package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A command line of testdata/commands and the lines that it prints.
type commandLine struct {
	text string
	want []string
}

func readCommands(t *testing.T) (list []commandLine) {
	t.Helper()
	text, err := os.ReadFile("testdata/commands")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if c, ok := strings.CutPrefix(line, "$ "); ok {
			list = append(list, commandLine{text: c})
		} else if want, ok := strings.CutPrefix(line, "> "); ok {
			last := &list[len(list)-1]
			last.want = append(last.want, want)
		}
	}
	return list
}

// A shell script of other launchers' command lines runs as it stands.
func TestCommandLines(t *testing.T) {
	list := readCommands(t)
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("where", "#!/bin/sh\necho $PMI_RANK of $PMI_SIZE${RAINRUN_TEST_HOST:+ on $RAINRUN_TEST_HOST}\n", 0o755)
	write("who", "#!/bin/sh\necho $WHO\n", 0o755)
	write("tools/tool", "#!/bin/sh\necho a tool\n", 0o755)
	write("cluster.txt", "# both\nnode1 slots=2 max_slots=4\nnode2 slots=2\n", 0o644)
	write("machines.txt", "node1:2\nnode2:2\n", 0o644)
	write("order.txt", "rank 0=node2 slot=0\nrank 1=node1 slot=0\n", 0o644)
	write("programs.txt", "-n 1 -env WHO one ./who\n# and\n-n 2 ./where\n", 0o644)
	for _, name := range []string{"mpirun", "mpiexec"} {
		if err := os.Symlink(self(t), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	script := "#!/bin/sh\n"
	for _, c := range list {
		script += c.text + "\necho '=='\n"
	}
	write("script", script, 0o755)

	cmd := exec.Command("./script")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"), "RAIN_AGENT_COMMAND=env RAINRUN_TEST_HOST=%h")
	res := startAs(t, cmd, "").wait()
	res.want(t, 0)
	parts := strings.Split(strings.TrimSuffix(res.out, "==\n"), "==\n")
	if len(parts) != len(list) || len(list) < 20 {
		t.Fatalf("%d command lines, %d outputs: %s", len(list), len(parts), res.out)
	}
	for i, c := range list {
		slices.Sort(c.want)
		if got := sortedLines(parts[i]); !slices.Equal(got, c.want) {
			t.Errorf("%s\nprints\n%s\nand not\n%s", c.text, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}
