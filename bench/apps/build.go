package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"rainmpi/bench/debsrc"
)

// A built program, and where.
type built struct {
	app    app
	prefix string // of rainmpi
	source string
}

// build fetches, unpacks and builds, unless that is done for this very mpicc.
func (a app) build(ctx context.Context, prefix, cache string) (*built, error) {
	mpicc := filepath.Join(prefix, "bin/mpicc")
	if _, err := os.Stat(mpicc); err != nil {
		return nil, fmt.Errorf("%s is not there: run make build first", mpicc)
	}
	b := &built{a, prefix, filepath.Join(cache, "source")}
	tarball, err := debsrc.Fetch(ctx, a.name, cache, os.Stderr)
	if err != nil {
		return nil, err
	}
	done := filepath.Join(cache, "built-with")
	if text, err := os.ReadFile(done); err == nil && string(text) == mpicc {
		return b, nil
	}
	if err := a.haveTools(ctx); err != nil {
		return nil, err
	}
	if err := debsrc.Unpack(ctx, tarball, b.source); err != nil {
		return nil, err
	}
	fmt.Println("building", filepath.Base(tarball), "with", mpicc)
	log := filepath.Join(cache, "build.log")
	_ = os.Remove(log)
	fill := strings.NewReplacer("@MPICC@", mpicc, "@CPUS@", fmt.Sprint(runtime.NumCPU()))
	for _, words := range a.configure {
		words = slices.Clone(words)
		for i := range words {
			words[i] = fill.Replace(words[i])
		}
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Dir, cmd.Env = b.source, b.environ()
		if err := logged(cmd, log); err != nil {
			return nil, err
		}
	}
	return b, os.WriteFile(done, []byte(mpicc), 0o666)
}

func (b *built) environ() []string {
	return append(os.Environ(), "PATH="+filepath.Join(b.prefix, "bin")+":"+os.Getenv("PATH"),
		"LD_LIBRARY_PATH="+filepath.Join(b.prefix, "lib"))
}

// logged runs a command whose output is appended to a file.
func logged(cmd *exec.Cmd, log string) error {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s in %s: %w; see %s", strings.Join(cmd.Args, " "), cmd.Dir, err, log)
	}
	return nil
}

// haveTools sees to the commands that building takes: as root they are installed,
// else they are asked for.
func (a app) haveTools(ctx context.Context) error {
	var packages []string
	for command, name := range a.tools {
		if _, err := exec.LookPath(command); err != nil {
			packages = append(packages, name)
		}
	}
	if len(packages) == 0 {
		return nil
	}
	slices.Sort(packages)
	please := "apt-get install " + strings.Join(packages, " ")
	if os.Getuid() != 0 {
		return fmt.Errorf("what builds it is missing: %s", please)
	}
	fmt.Println("installing", strings.Join(packages, " "))
	for _, words := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", words...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", please, err, out)
		}
	}
	return nil
}
