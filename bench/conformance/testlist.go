package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An entry is a line of a testlist: a program and how it is run.
type entry struct {
	dir, program string
	ranks        int
	args         []string
	env          []string      // "K=V", without MPICH's own control variables
	mpiexecArgs  []string      // for the launcher
	resultTest   string        // how the run is judged; empty: "No Errors" and status 0
	limit        time.Duration // 0: the default
	memory       float64       // GB that all ranks take together
	xfail        bool          // the suite's authors expect MPICH itself to fail
	strict       bool          // false: the entry uses MPICH's extensions
	pool         bool          // it is of a testlist.dtp
}

const defaultRanks = 2 // MPITEST_NP_DEFAULT of the suite's own script

// key names the entry in tables. Entries that differ only in control variables
// of MPICH's (MPIR_CVAR_) have one key: here they are the same test.
func (e *entry) key() string {
	words := []string{filepath.Join(e.dir, e.program), strconv.Itoa(e.ranks)}
	for _, group := range []struct {
		name  string
		words []string
	}{{"env", e.env}, {"arg", e.args}, {"mpiexecarg", e.mpiexecArgs}} {
		for _, w := range group.words {
			words = append(words, group.name+"="+w)
		}
	}
	return strings.Join(words, " ")
}

// spawns reports whether the entry starts processes of its own.
func (e *entry) spawns() bool { return e.isOf("spawn") }

// collective reports whether the entry tests collective operations.
func (e *entry) collective() bool { return e.isOf("coll") }

// isOf reports whether the entry is in a folder of that name: errors has one for each chapter.
func (e *entry) isOf(folder string) bool { return slices.Contains(strings.Split(e.dir, "/"), folder) }

// pooled is the testlist of a folder's programs that send and receive all kinds of
// datatypes, which the suite's library DTPools makes.
const pooled = "testlist.dtp"

// readTestlists reads the testlist of root/dir and of the folders it names, with those
// of DTPools if they are wanted.
func readTestlists(root, dir string, pools bool) ([]*entry, error) {
	entries, err := readTestlist(root, dir, "testlist", pools)
	if err != nil || !pools {
		return entries, err
	}
	below, err := readTestlist(root, dir, pooled, pools)
	if errors.Is(err, fs.ErrNotExist) {
		return entries, nil
	}
	for _, e := range below {
		e.pool = true
	}
	return append(entries, below...), err
}

func readTestlist(root, dir, name string, pools bool) ([]*entry, error) {
	file := filepath.Join(root, dir, name)
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("folder %s of the suite: %w", dir, err)
	}
	defer f.Close()
	var entries []*entry
	seen := map[string]bool{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(strings.TrimSpace(lines.Text()), "#")
		if line = strings.TrimSpace(line); line == "" || line[0] == '!' {
			continue
		}
		e, err := parseEntry(dir, line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		if info, err := os.Stat(filepath.Join(root, dir, e.program)); err == nil && info.IsDir() {
			below, err := readTestlists(root, filepath.Join(dir, e.program), pools)
			if err != nil {
				return nil, err
			}
			entries = append(entries, below...)
			continue
		}
		if !seen[e.key()] {
			seen[e.key()] = true
			entries = append(entries, e)
		}
	}
	return entries, lines.Err()
}

// parseEntry reads "program [ranks [name=value ...]]".
func parseEntry(dir, line string) (*entry, error) {
	words := strings.Fields(line)
	e := &entry{dir: dir, program: words[0], ranks: defaultRanks, strict: true}
	if len(words) > 1 {
		n, err := strconv.Atoi(words[1])
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of ranks", words[1])
		}
		e.ranks = n
	}
	for _, w := range words[min(2, len(words)):] {
		// The suite's own script passes over words without "=" in silence.
		if name, value, ok := strings.Cut(w, "="); ok {
			if err := e.set(name, value); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

func (e *entry) set(name, value string) (err error) {
	switch name {
	case "arg":
		e.args = append(e.args, value)
	case "env":
		if !strings.HasPrefix(value, "MPIR_CVAR_") {
			e.env = append(e.env, value)
		}
	case "mpiexecarg":
		e.mpiexecArgs = append(e.mpiexecArgs, value)
	case "resultTest":
		e.resultTest = value
	case "timeLimit":
		var seconds int
		seconds, err = strconv.Atoi(value)
		e.limit = time.Duration(seconds) * time.Second
	case "mem":
		e.memory, err = strconv.ParseFloat(value, 64)
	case "xfail":
		e.xfail = true
	case "strict":
		e.strict = !strings.EqualFold(value, "false")
	case "mpix", "mpiversion", "init", "lock":
	default:
		return fmt.Errorf("no rule %q is known", name)
	}
	return err
}
