package tidy

import (
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root     = "../.."
	maxLines = 600
)

func files(t *testing.T) []*source {
	t.Helper()
	all, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("%d Go files under %s are too few to be the project", len(all), root)
	}
	return all
}

func TestImports(t *testing.T) {
	there := map[string]bool{}
	for _, s := range files(t) {
		there[s.pkg] = true
		for _, p := range s.imports {
			// A test may drive its package by what stands above it.
			if why := wrongImport(s, p); why != "" && !s.test {
				t.Error(why)
			}
			if why := impure(s, p); why != "" {
				t.Error(why)
			}
		}
	}
	for _, dir := range pure {
		if !there[module+"/"+dir] {
			t.Errorf("a rule is for %s, which does not exist", dir)
		}
	}
}

// TestRulesBite: a rule that finds nothing might look for nothing.
func TestRulesBite(t *testing.T) {
	for _, c := range []struct {
		pkg, imports string
		wrong        bool
	}{
		{"rainmpi/rainnet/wire", "rainmpi/rainnet/link", true},
		{"rainmpi/rainnet/rudp", "rainmpi/rainnet/link", false},
		{"rainmpi/rainnet/link", "rainmpi/rainnet/rudp", true},
		{"rainmpi/rainnet", "rainmpi/mpi", true},
		{"rainmpi/mpi", "rainmpi/launcher", true},
		{"rainmpi/mpi", "rainmpi/rainnet", false},
		{"rainmpi/mpi/internal/coll", "rainmpi/rainnet", true},
		{"rainmpi/launcher", "rainmpi/mpi", true},
		{"rainmpi/launcher", "rainmpi/bench/lab", true},
		{"rainmpi/examples/pi", "rainmpi/mpi", false},
		{"rainmpi/examples/pi", "rainmpi/bench", true},
		{"rainmpi/elsewhere", "rainmpi/mpi", true},
	} {
		if got := wrongImport(&source{pkg: c.pkg}, c.imports) != ""; got != c.wrong {
			t.Errorf("%s imports %s: found wrong: %v", c.pkg, c.imports, got)
		}
	}
	if impure(&source{pkg: "rainmpi/rainnet/rudp"}, "time") == "" {
		t.Error("a clock in rainnet/rudp is not found")
	}
	if why := impure(&source{pkg: "rainmpi/rainnet/rudp"}, "net/netip"); why != "" {
		t.Error(why)
	}
}

// TestPackageComments: each package says what it is in one place, or in several
// files that add up; a package of tests alone needs none.
func TestPackageComments(t *testing.T) {
	said := map[string]bool{}
	for _, s := range files(t) {
		if !s.test {
			said[s.pkg] = said[s.pkg] || s.doc
		}
	}
	for pkg, doc := range said {
		if !doc {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}

func TestFileLength(t *testing.T) {
	for _, s := range files(t) {
		if s.lines > maxLines && !s.made {
			t.Errorf("%s has %d lines, more than %d: it holds more than one concern", s.path, s.lines, maxLines)
		}
	}
}

// promise matches words that put work off, without being one itself.
var promise = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`)

func TestNothingPutOff(t *testing.T) {
	for _, s := range files(t) {
		if at := promise.FindStringIndex(s.text); at != nil && s.pkg != module+"/internal/tidy" {
			line := 1 + strings.Count(s.text[:at[0]], "\n")
			t.Errorf("%s:%d puts something off: do it, or say what is so and why", s.path, line)
		}
	}
}

// wallClock matches what takes the monotonic reading off a time, which then jumps when somebody sets the clock.
var wallClock = regexp.MustCompile(`\.(Unix(Nano|Micro|Milli)?\(\)|Round\(0\))|CLOCK_REALTIME|gettimeofday`)

// TestClockThatJumps: nothing that a job waits for hangs on the wall clock. It is shown to people, in logs and
// beside the clocks of other hosts, and nowhere else.
func TestClockThatJumps(t *testing.T) {
	shown := []string{"rainnet/history/file.go", "launcher/check_agent.go"}
	found := 0
	for _, s := range files(t) {
		at := wallClock.FindStringIndex(s.text)
		switch {
		case at == nil || s.test || !slices.ContainsFunc([]string{"mpi", "rainnet", "launcher", "cbind", "internal/boot", "internal/pmi"},
			func(dir string) bool { return inside(s.pkg, dir) }):
		case slices.Contains(shown, s.path):
			found++
		default:
			t.Errorf("%s:%d reads the wall clock (%s), which may be set at any time", s.path, 1+strings.Count(s.text[:at[0]], "\n"), s.text[at[0]:at[1]])
		}
	}
	if found != len(shown) {
		t.Errorf("%d of the files %q read it: the rule finds nothing", found, shown)
	}
}

func TestFormat(t *testing.T) {
	for _, s := range files(t) {
		want, err := format.Source([]byte(s.text))
		if err != nil {
			t.Errorf("%s: %v", s.path, err)
		} else if string(want) != s.text {
			t.Errorf("%s: gofmt would change it", s.path)
		}
	}
}

// TestTop: what stands at the top is settled; a newcomer finds their way by it.
func TestTop(t *testing.T) {
	allowed := strings.Fields("mpi rainnet launcher bench cbind examples internal go.mod go.sum README.md ARCHITECTURE.md Makefile LICENSE build")
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && !slices.Contains(allowed, e.Name()) {
			t.Errorf("%s stands at the top: its place is below one of %s", e.Name(), strings.Join(allowed, " "))
		}
	}
	for _, need := range []string{"README.md", "ARCHITECTURE.md", "Makefile", "go.mod", ".ci/run"} {
		if _, err := os.Stat(filepath.Join(root, need)); err != nil {
			t.Errorf("%s is missing", need)
		}
	}
}
