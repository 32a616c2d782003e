package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"rainmpi/bench/debsrc"
)

// A suite is MPICH's test/mpi, unpacked and built with the mpicc of prefix.
type suite struct {
	root   string
	prefix string
	jobs   int
}

// configure fetches, unpacks and configures the suite, each if it is not yet
// done. The suite asks for nothing that is MPICH's alone; what it may not take
// from the machine are other MPIs' Fortran and C++ compilers.
func (s *suite) configure(ctx context.Context, cache string) error {
	// config.status is configure's last work: without it configure was interrupted.
	if _, err := os.Stat(filepath.Join(s.root, "config.status")); err == nil {
		return nil
	}
	tarball, err := debsrc.Fetch(ctx, "mpich", cache, os.Stderr)
	if err != nil {
		return err
	}
	if err := debsrc.Unpack(ctx, tarball, filepath.Join(cache, "mpich"), "test/mpi"); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "configuring the suite with", s.prefix+"/bin/mpicc; a minute or more")
	return s.command(ctx, "configure.log", ".", "./configure",
		"--with-mpi="+s.prefix, "CC="+s.prefix+"/bin/mpicc", "CFLAGS=-O1",
		"--disable-fortran", "--disable-cxx")
}

func (s *suite) entries(dirs []string, pools bool) ([]*entry, error) {
	var all []*entry
	for _, dir := range dirs {
		some, err := readTestlists(s.root, dir, pools)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// build builds the suite's own libraries, then the programs of the entries. A
// program that does not build is a verdict, not an end.
func (s *suite) build(ctx context.Context, entries []*entry) error {
	parallel := "-j" + strconv.Itoa(s.jobs)
	for _, dir := range []string{"util", "dtpools"} {
		if err := s.command(ctx, "build.log", dir, "make", parallel); err != nil {
			return err
		}
	}
	programs := map[string]map[string]bool{}
	for _, e := range entries {
		if programs[e.dir] == nil {
			programs[e.dir] = map[string]bool{}
		}
		programs[e.dir][e.program] = true
	}
	for _, dir := range sorted(programs) {
		fmt.Fprintf(os.Stderr, "building %d programs of %s\n", len(programs[dir]), dir)
		words := append([]string{"-k", parallel}, sorted(programs[dir])...)
		if err := s.command(ctx, "build.log", dir, "make", words...); ctx.Err() != nil {
			return err
		}
	}
	return nil
}

// command runs a command in a folder of the suite; what it prints goes to a log
// in the suite's root.
func (s *suite) command(ctx context.Context, log, dir, name string, args ...string) error {
	path := filepath.Join(s.root, log)
	out, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = filepath.Join(s.root, dir)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s in %s: %w; see %s", name, strings.Join(args, " "), cmd.Dir, err, path)
	}
	return nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
