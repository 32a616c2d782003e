package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// writeVerdicts writes a line per entry: the entry, what became of it, how long
// it took in seconds, why.
func writeVerdicts(path string, results []*result) error {
	var b strings.Builder
	b.WriteString("entry\tverdict\tseconds\treason\n")
	for _, r := range results {
		fmt.Fprintf(&b, "%s\t%s\t%.1f\t%s\n", r.entry.key(), r.verdict, r.took.Seconds(), r.reason)
	}
	return os.WriteFile(path, []byte(b.String()), 0o666)
}

// summary is a table with a line per folder. The share is of all entries but those left out.
func summary(results []*result) string {
	kinds := []verdict{passed, failed, timedOut, unsteady, unbuilt, skipped, xfailed, leftOut}
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-20s%8s", "folder", "entries")
	for _, k := range kinds {
		fmt.Fprintf(&b, "%9s", k)
	}
	fmt.Fprintf(&b, "%9s\n", "share")
	count := map[string]map[verdict]int{}
	total := map[verdict]int{}
	for _, r := range results {
		dir, _, _ := strings.Cut(r.entry.dir, "/")
		if r.entry.pool {
			dir += " dtp"
		}
		if count[dir] == nil {
			count[dir] = map[verdict]int{}
		}
		count[dir][r.verdict]++
		total[r.verdict]++
	}
	line := func(name string, n map[verdict]int) {
		all := 0
		for _, c := range n {
			all += c
		}
		fmt.Fprintf(&b, "%-20s%8d", name, all)
		for _, k := range kinds {
			fmt.Fprintf(&b, "%9d", n[k])
		}
		fmt.Fprintf(&b, "%8.1f%%\n", 100*float64(n[passed])/float64(max(all-n[leftOut], 1)))
	}
	for _, dir := range sorted(count) {
		line(dir, count[dir])
	}
	if len(count) > 1 {
		line("all", total)
	}
	return b.String()
}

// cuts says how many runs had a rail cut in them.
func cuts(results []*result) string {
	inside, several := 0, 0
	for _, r := range results {
		if r.verdict != unbuilt && r.verdict != skipped && r.entry.ranks > 1 {
			several++
			if r.cut.inside {
				inside++
			}
		}
	}
	return fmt.Sprintf("in the last run of %d of %d entries with more than one rank a rail was cut; the others were too short", inside, several)
}

// asTests writes a line per entry, as go test -v does: what fails is what was expected to pass.
func asTests(expected map[string]bool, results []*result) string {
	var b strings.Builder
	for _, r := range results {
		word := "PASS"
		switch {
		case r.verdict == passed:
		case r.verdict == skipped || r.verdict == leftOut || !expected[r.entry.key()]:
			word = "SKIP"
		default:
			word = "FAIL"
		}
		fmt.Fprintf(&b, "--- %s: conformance/%s (%.2fs)\n", word, strings.ReplaceAll(r.entry.key(), " ", "_"), r.took.Seconds())
		if word != "PASS" {
			fmt.Fprintf(&b, "    %s: %s\n", r.verdict, r.reason)
		}
	}
	return b.String()
}

// lists are what is known of entries.
type lists struct {
	expected map[string]bool   // to pass
	leftOut  map[string]string // cannot compile, and why
	failing  map[string]string // compile and do not pass, and why
}

func (o *options) lists() (l *lists, err error) {
	l = &lists{}
	if l.expected, err = readExpected(o.expected); err != nil {
		return nil, err
	}
	if l.leftOut, err = readReasons(o.leftOut); err != nil {
		return nil, err
	}
	if l.failing, err = readReasons(o.failing); err != nil {
		return nil, err
	}
	return l, nil
}

// readExpected reads the list of expected passes: an entry a line.
func readExpected(path string) (map[string]bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]bool{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	expected := map[string]bool{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if line := lines.Text(); line != "" && line[0] != '#' {
			expected[line] = true
		}
	}
	return expected, lines.Err()
}

const expectedHead = "# Entries of MPICH 4.0.2's testlists that pass; make conformance fails if one of them does not.\n" +
	"# Written by: go run ./bench/conformance --update\n"

// readReasons reads a list of entries with the reason why they do not pass.
func readReasons(path string) (map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	reasons := map[string]string{}
	for n, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		key, reason, _ := strings.Cut(line, "\t")
		if reason == "" {
			return nil, fmt.Errorf("%s:%d: an entry, a tab and a reason are wanted", path, n+1)
		}
		reasons[key] = reason
	}
	return reasons, nil
}

// leaveOut gives entries that did not build, and need not, their reasons.
func leaveOut(reasons map[string]string, results []*result) {
	for _, r := range results {
		if reason := reasons[r.entry.key()]; reason != "" && r.verdict == unbuilt {
			r.verdict, r.reason = leftOut, reason
		}
	}
}

// updateExpected takes the verdicts of this run over, and keeps the rest.
func updateExpected(path string, expected map[string]bool, results []*result) error {
	for _, r := range results {
		delete(expected, r.entry.key())
		if r.verdict == passed {
			expected[r.entry.key()] = true
		}
	}
	return os.WriteFile(path, []byte(expectedHead+strings.Join(sorted(expected), "\n")+"\n"), 0o666)
}

// compare tells which entries were expected to pass and did not, which fail without a
// reason that is named, and what the lists do not know. It reports whether there are
// none of the first two kinds, and none that are left out without need.
func compare(w io.Writer, l *lists, results []*result) bool {
	ok, named, news := true, 0, 0
	for _, r := range results {
		switch key := r.entry.key(); {
		case l.leftOut[key] != "" && r.verdict != leftOut:
			ok = false
			fmt.Fprintf(w, "is named as left out, and compiles: %s: %s\n", key, r.verdict)
		case r.verdict == passed && l.failing[key] != "":
			fmt.Fprintf(w, "is named as failing, and passes: %s\n", key)
		case r.verdict == passed && !l.expected[key]:
			news++
		case r.verdict == passed, r.verdict == skipped, r.verdict == leftOut:
		case l.expected[key]:
			ok = false
			fmt.Fprintf(w, "was expected to pass: %s: %s: %s\n", key, r.verdict, r.reason)
		case l.failing[key] != "":
			named++
		default:
			ok = false
			fmt.Fprintf(w, "does not pass, and no reason is named: %s: %s: %s\n", key, r.verdict, r.reason)
		}
	}
	if named > 0 {
		fmt.Fprintf(w, "%d entries do not pass for reasons that the list of those failing has\n", named)
	}
	if news > 0 {
		fmt.Fprintf(w, "%d entries pass and are not on the list of expected passes: --update puts them there\n", news)
	}
	return ok
}
