package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The page has every option, and man's formatter has nothing against it.
func TestManual(t *testing.T) {
	res := rainrun(t, "manual")
	res.want(t, 0)
	for _, o := range page.All() {
		for _, name := range o.Names {
			if !strings.Contains(res.out, `\fB`+strings.ReplaceAll(name, "-", `\-`)+`\fR`) {
				t.Errorf("the manual lacks %s", name)
			}
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff; as root, .ci/deps installs it")
	}
	cmd := exec.Command(groff, "-man", "-ww", "-z", "-Tutf8")
	cmd.Stdin = strings.NewReader(res.out)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("groff: %v %s", err, out)
	}
	rainrun(t, "completion", "moon").want(t, 2, "bash, zsh, fish")
}

// Each shell completes options, what follows them, and commands.
func TestCompletion(t *testing.T) {
	script := func(shell string) string {
		res := rainrun(t, "completion", shell)
		res.want(t, 0)
		file := filepath.Join(t.TempDir(), "rainrun."+shell)
		if err := os.WriteFile(file, []byte(res.out), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := writeFile(t, "some-hosts", "a\n", 0o644)
	bash := script("bash")
	for _, c := range []struct {
		words []string // the last is completed
		want  string
	}{
		{[]string{"rainrun", "--map-b"}, "--map-by"},
		{[]string{"rainrun", "--bind-to", "hw"}, "hwthread"},
		{[]string{"rainrun", "-n", "4", "--hostfile", file[:len(file)-3]}, file},
		{[]string{"rainrun", "che"}, "check"},
		{[]string{"rainrun", "check", "--js"}, "--json"},
		{[]string{"rainrun", "completion", "zs"}, "zsh"},
		{[]string{"rainrun", "-genv", "A", "B", "--tag"}, "--tag-output"},
		{[]string{"rainrun", "-n", "2", "cat", file[:len(file)-3]}, file},
		{[]string{"mpirun", "-n", "2", "a.out", ":", "--wdi"}, "--wdir"},
	} {
		var quoted []string
		for _, w := range c.words {
			quoted = append(quoted, "'"+w+"'")
		}
		line := "source " + bash + "; COMP_WORDS=(" + strings.Join(quoted, " ") + "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _rainrun; printf '%s\\n' \"${COMPREPLY[@]}\""
		out, err := exec.Command("bash", "-c", line).CombinedOutput()
		found := false
		for _, l := range strings.Split(string(out), "\n") {
			found = found || l == c.want
		}
		if err != nil || !found {
			t.Errorf("bash: %q: %q, %v; want %s", c.words, out, err, c.want)
		}
	}
	if _, err := exec.LookPath("zsh"); err == nil {
		line := "autoload -U compinit; compinit -u -D; fpath=(" + filepath.Dir(script("zsh")) + " $fpath); source " + script("zsh") + "; [[ -n ${_comps[rainrun]} && -n ${_comps[mpirun]} ]] && whence -w _rainrun"
		if out, err := exec.Command("zsh", "-fc", line).CombinedOutput(); err != nil || !strings.Contains(string(out), "_rainrun: function") {
			t.Errorf("zsh: %v %s", err, out)
		}
	}
	if _, err := exec.LookPath("fish"); err == nil {
		for line, want := range map[string]string{"rainrun --map-b": "--map-by", "rainrun --bind-to hw": "hwthread", "rainrun che": "check", "rainrun check --js": "--json", "mpirun --map-b": "--map-by"} {
			cmd := exec.Command("fish", "--no-config", "-c", "source "+script("fish")+"; complete -C "+"'"+line+"'")
			cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
				t.Errorf("fish: %q: %v %s", line, err, out)
			}
		}
	}
}
