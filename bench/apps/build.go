package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/bench/debsrc"
)

// A built program, and where.
type built struct {
	app    app
	prefix string // of rainmpi
	dir    string // with the sources and the logs
	source string
}

// lockFolder makes a folder that one run at a time works in: two makes in the same
// sources take objects from under each other's linkers.
func lockFolder(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	f, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = fmt.Errorf("another run works in %s: wait for its end, or name another folder by --cache", dir)
		}
		return nil, err
	}
	return func() { f.Close() }, nil
}

// build builds in dir, which is this run's own until unlock is called.
func (a app) build(ctx context.Context, prefix, dir string) (b *built, unlock func(), err error) {
	if unlock, err = lockFolder(dir); err != nil {
		return nil, nil, err
	}
	b = &built{a, prefix, dir, filepath.Join(dir, "source")}
	if err := b.build(ctx); err != nil {
		unlock()
		return nil, nil, err
	}
	return b, unlock, nil
}

// build fetches, unpacks and builds, unless the same steps have been done there.
func (b *built) build(ctx context.Context) error {
	for _, need := range []string{"bin/mpicc", "bin/rainrun"} {
		if _, err := os.Stat(filepath.Join(b.prefix, need)); err != nil {
			return fmt.Errorf("%s is not there: run make build first", filepath.Join(b.prefix, need))
		}
	}
	tarball, err := debsrc.Fetch(ctx, b.app.name, b.dir, os.Stderr)
	if err != nil {
		return err
	}
	bin := filepath.Join(b.prefix, "bin")
	recipe := fmt.Sprintln(filepath.Base(tarball), bin, b.app.steps)
	done := filepath.Join(b.dir, "built-by")
	if text, err := os.ReadFile(done); err == nil && string(text) == recipe {
		return nil
	}
	if err := debsrc.Need(ctx, b.app.tools, os.Stdout); err != nil {
		return err
	}
	if err := os.RemoveAll(done); err != nil {
		return err
	}
	if err := debsrc.Unpack(ctx, tarball, b.source); err != nil {
		return err
	}
	if err := b.runSteps(ctx, strings.NewReplacer("@BIN@", bin, "@CPUS@", fmt.Sprint(runtime.NumCPU()))); err != nil {
		return err
	}
	return os.WriteFile(done, []byte(recipe), 0o666)
}

// runSteps runs the steps that build the program, their words filled in.
func (b *built) runSteps(ctx context.Context, fill *strings.Replacer) error {
	name := filepath.Join(b.dir, "build.log")
	log, err := os.Create(name)
	if err != nil {
		return err
	}
	defer log.Close()
	fmt.Printf("%s is built; log: %s\n", b.app.name, name)
	start := time.Now()
	for _, step := range b.app.steps {
		words := filled(step, fill)
		fmt.Printf("%8.1f s  %s\n", time.Since(start).Seconds(), strings.Join(words, " "))
		cmd := exec.CommandContext(ctx, words[0], words[1:]...)
		cmd.Dir, cmd.Env = b.source, append(os.Environ(), b.environ()...)
		cmd.Stdout, cmd.Stderr = log, log
		if err := runSession(cmd); err != nil {
			return fmt.Errorf("%s: %w; see %s", strings.Join(words, " "), err, name)
		}
	}
	return nil
}

func filled(words []string, fill *strings.Replacer) (out []string) {
	for _, w := range words {
		out = append(out, fill.Replace(w))
	}
	return out
}

// environ has programs find rainmpi's commands, before another MPI's, and its
// library. The options and variables of a make above are not theirs.
func (b *built) environ() []string {
	return []string{
		"PATH=" + filepath.Join(b.prefix, "bin") + ":" + os.Getenv("PATH"),
		"LD_LIBRARY_PATH=" + filepath.Join(b.prefix, "lib"),
		"MAKEFLAGS=", "MFLAGS=", "MAKELEVEL=", // a make in a make is told what is not meant for it
	}
}
