package launcher

import (
	"debug/elf"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A program is an App made ready on this host.
type program struct {
	path string // the file
	dir  string // its working directory
}

// findProgram looks an App up as a shell would: a name with a slash is relative
// to the working directory, another is searched in -path, then in PATH.
func findProgram(a App, searchPath string) (program, error) {
	dir, err := workDir(a)
	if err != nil {
		return program{}, err
	}
	name := a.Argv[0]
	if strings.Contains(name, "/") {
		full := name
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, name)
		}
		return program{full, dir}, checkExecutable(name, full)
	}
	var refused error
	for _, d := range append(filepath.SplitList(a.Path), filepath.SplitList(searchPath)...) {
		if d == "" {
			d = "."
		}
		if !filepath.IsAbs(d) {
			d = filepath.Join(dir, d)
		}
		full := filepath.Join(d, name)
		err := checkExecutable(name, full)
		if err == nil {
			return program{full, dir}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) && refused == nil {
			refused = err
		}
	}
	if refused != nil {
		return program{}, refused
	}
	hint := "; give its path, or search more folders with -path"
	if checkExecutable(name, filepath.Join(dir, name)) == nil {
		hint = fmt.Sprintf("; there is one in %s: say ./%s", dir, name)
	}
	return program{}, fmt.Errorf("program %s: not found in PATH%s", name, hint)
}

// missing keeps fs.ErrNotExist findable under a text of our own.
type missing struct{ text string }

func (m missing) Error() string   { return m.text }
func (m missing) Is(e error) bool { return e == fs.ErrNotExist }

func checkExecutable(name, full string) error {
	st, err := os.Stat(full)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing{fmt.Sprintf("program %s does not exist (%s); put it there, or send it with --preload", name, full)}
	case err != nil:
		return fmt.Errorf("program %s: %w", name, err)
	case st.IsDir():
		return fmt.Errorf("program %s is a directory", name)
	case st.Mode()&0o111 == 0:
		return fmt.Errorf("program %s is not executable (mode %v); chmod +x %s", name, st.Mode().Perm(), full)
	}
	if unix.Faccessat(unix.AT_FDCWD, full, unix.X_OK, unix.AT_EACCESS) == unix.EACCES {
		return fmt.Errorf("program %s may not be executed by user %d: its mode is %v, or its file system is mounted noexec", name, os.Geteuid(), st.Mode().Perm())
	}
	return checkInterpreter(name, full)
}

// checkInterpreter looks for what the kernel needs besides the file, which may be
// missing on one host alone: then nothing must start on the others.
func checkInterpreter(name, full string) error {
	f, err := os.Open(full)
	if err != nil {
		return nil // it may be for executing only
	}
	defer f.Close()
	needs := interpreter(f)
	if _, err := os.Stat(needs); needs == "" || !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return fmt.Errorf("program %s cannot be executed: the interpreter or loader that it names, %s, does not exist; install it there", name, needs)
}

// interpreter is what a script's first line or an ELF file's header names; empty:
// neither does.
func interpreter(f *os.File) string {
	head := make([]byte, 256) // more of a first line the kernel does not read
	n, _ := f.ReadAt(head, 0)
	if line, ok := strings.CutPrefix(string(head[:n]), "#!"); ok {
		line, _, _ = strings.Cut(line, "\n")
		if words := strings.Fields(line); len(words) > 0 {
			return words[0]
		}
		return ""
	}
	e, err := elf.NewFile(f)
	if err != nil {
		return ""
	}
	for _, p := range e.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < unix.PathMax {
			path := make([]byte, p.Filesz)
			if _, err := p.ReadAt(path, 0); err == nil {
				return strings.TrimRight(string(path), "\x00")
			}
		}
	}
	return ""
}

// workDir returns where the program runs. A directory that was asked for must
// exist. rainrun's own need not exist on another host; then it is the home
// directory.
func workDir(a App) (string, error) {
	if a.Dir != "" {
		st, err := os.Stat(a.Dir)
		if err == nil && !st.IsDir() {
			err = syscall.ENOTDIR
		}
		if err != nil {
			return "", fmt.Errorf("working directory %s: %w; make it there, or give another with -wdir", a.Dir, err)
		}
		return a.Dir, nil
	}
	if st, err := os.Stat(a.DefaultDir); err == nil && st.IsDir() {
		return a.DefaultDir, nil
	}
	if home, err := os.UserHomeDir(); err == nil {
		return home, nil
	}
	return "/", nil
}

// explainExec turns what execve said into something to act on.
func explainExec(name string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOEXEC):
		return fmt.Errorf("program %s cannot be executed: it is made for another processor, or a script without a first line like #!/bin/sh", name)
	case errors.Is(err, syscall.ENOENT):
		return fmt.Errorf("program %s cannot be executed: the interpreter or loader that it names does not exist", name)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("program %s cannot be executed: permission denied (file, or the file system is mounted noexec)", name)
	}
	return fmt.Errorf("program %s cannot be executed: %w", name, err)
}
