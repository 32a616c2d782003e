package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
	"rainmpi/mpi"
)

func TestTestlist(t *testing.T) {
	root := t.TempDir()
	os.MkdirAll(filepath.Join(root, "pt2pt/sub"), 0o777)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("pt2pt/testlist", "# comment\n\nping 2\nping 2 env=MPIR_CVAR_X=1\nping 4 arg=-n=3 env=A=B timeLimit=60\n"+
		"big 3 mem=6.5 xfail=ticket1\ndie resultTest=TestStatus\ndead 2 resultTest=TestStatus strict=false\nsub\n")
	write("pt2pt/sub/testlist", "below 1\n")
	if _, err := readTestlists(root, "pt2pt", false); err == nil {
		t.Fatal("a rule in the place of the number of ranks is not told")
	}
	write("pt2pt/testlist", strings.Replace("ping 2\nping 2 env=MPIR_CVAR_X=1\nping 4 arg=-n=3 env=A=B timeLimit=60\n"+
		"big 3 mem=6.5 xfail=ticket1\nsolo\ndead 2 resultTest=TestStatus strict=false\nsub\n", "\r", "", -1))
	entries, err := readTestlists(root, "pt2pt", false)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, e := range entries {
		keys = append(keys, e.key())
	}
	want := "pt2pt/ping 2;pt2pt/ping 4 env=A=B arg=-n=3;pt2pt/big 3;pt2pt/solo 2;pt2pt/dead 2;pt2pt/sub/below 1"
	if got := strings.Join(keys, ";"); got != want {
		t.Errorf("entries\n%s, want\n%s", got, want)
	}
	write("pt2pt/testlist.dtp", "ping 2 arg=-type=MPI_INT\nping 2\n")
	with, err := readTestlists(root, "pt2pt", true)
	if err != nil || len(with) != len(entries)+2 || with[len(entries)-1].pool || !with[len(entries)].pool || with[len(entries)].key() != "pt2pt/ping 2 arg=-type=MPI_INT" {
		t.Errorf("with DTPools: %d entries, %v", len(with), err)
	}
	if e := entries[1]; e.limit != time.Minute {
		t.Errorf("time limit %v", e.limit)
	}
	if e := entries[2]; e.memory != 6.5 || !e.xfail || !e.strict {
		t.Errorf("big: %+v", e)
	}
	if e := entries[4]; e.resultTest != "TestStatus" || e.strict {
		t.Errorf("dead: %+v", e)
	}
}

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		rule, output string
		status       int
		want         verdict
	}{
		{"", " No Errors\n", 0, passed},
		{"", "No errors\nTest Passed\n", 0, passed},
		{"", " No Errors\n", 1, failed},
		{"", "", 0, failed},
		{"", "Found 3 errors\n", 1, failed},
		{"", " No Errors\nand a word more\n", 0, failed},
		{"TestStatus", "whatever\n", 3, passed},
		{"TestStatus", " No Errors\n", 0, failed},
		{"TestErrFatal", "", 137, passed},
		{"TestStatusNoErrors", " No Errors\n", 1, passed},
		{"TestStatusNoErrors", " No Errors\n", 0, failed},
		{"TestUnheardOf", " No Errors\n", 0, failed},
	} {
		if got, why := judge(c.rule, c.output, c.status); got != c.want {
			t.Errorf("judge(%q, %q, %d) = %s (%s), want %s", c.rule, c.output, c.status, got, why, c.want)
		}
	}
}

func TestExpected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "expected.tsv")
	a, b := &entry{dir: "d", program: "a", ranks: 2}, &entry{dir: "d", program: "b", ranks: 2}
	expected, err := readExpected(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := updateExpected(path, expected, []*result{{entry: a, verdict: passed}, {entry: b, verdict: failed}}); err != nil {
		t.Fatal(err)
	}
	if expected, err = readExpected(path); err != nil || len(expected) != 1 || !expected["d/a 2"] {
		t.Fatalf("read back %v, %v", expected, err)
	}
	lines := asTests(expected, []*result{{entry: a, verdict: timedOut, reason: "slow"}, {entry: b, verdict: passed}})
	if want := "--- FAIL: conformance/d/a_2 (0.00s)\n    timeout: slow\n--- PASS: conformance/d/b_2 (0.00s)\n"; lines != want {
		t.Errorf("as tests:\n%s, want\n%s", lines, want)
	}
	var out strings.Builder
	known := &lists{expected: expected, failing: map[string]string{"d/b 2": "it is wrong"}}
	if !compare(&out, known, []*result{{entry: a, verdict: passed}, {entry: b, verdict: xfailed}}) || !strings.Contains(out.String(), "1 entries do not pass for reasons") {
		t.Errorf("a failure that is named fails the run: %s", out.String())
	}
	if !compare(&out, known, []*result{{entry: b, verdict: passed}}) || !strings.Contains(out.String(), "and passes: d/b 2") {
		t.Errorf("an entry that passes and is named as failing: %s", out.String())
	}
	if compare(&out, &lists{expected: expected}, []*result{{entry: b, verdict: failed}}) || !strings.Contains(out.String(), "no reason is named: d/b 2") {
		t.Errorf("a failure without a reason: %s", out.String())
	}
	if compare(&out, known, []*result{{entry: a, verdict: timedOut}}) || !strings.Contains(out.String(), "d/a 2") {
		t.Errorf("an expected pass that times out: %s", out.String())
	}
}

// TestLeftOut: only what does not compile may be left out of the share.
func TestLeftOut(t *testing.T) {
	reasons, err := readReasons("leftout.tsv")
	if err != nil || reasons["errhan/adderr 1"] == "" {
		t.Fatalf("%q, %v", reasons, err)
	}
	adderr, other := &entry{dir: "errhan", program: "adderr", ranks: 1}, &entry{dir: "errhan", program: "other", ranks: 1}
	results := []*result{{entry: adderr, verdict: unbuilt}, {entry: other, verdict: unbuilt}, {entry: other, verdict: passed}, {entry: other, verdict: failed}}
	leaveOut(reasons, results)
	if results[0].verdict != leftOut || results[1].verdict != unbuilt {
		t.Errorf("verdicts %v and %v", results[0].verdict, results[1].verdict)
	}
	if text := summary(results); !strings.Contains(text, " 33.3%") {
		t.Errorf("one of three passes:\n%s", text)
	}
	var out strings.Builder
	known := &lists{leftOut: reasons, failing: map[string]string{"errhan/other 1": "it is wrong"}}
	if !compare(&out, known, results) {
		t.Errorf("what is rightly left out fails the run: %s", out.String())
	}
	if compare(&out, known, []*result{{entry: adderr, verdict: failed}}) {
		t.Error("an entry that compiles and fails is left out")
	}
	path := filepath.Join(t.TempDir(), "bad.tsv")
	if err := os.WriteFile(path, []byte("d/a 1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := readReasons(path); err == nil || !strings.Contains(err.Error(), "bad.tsv:1") {
		t.Errorf("an entry without a reason: %v", err)
	}
}

// TestLists: an entry is on one list.
func TestLists(t *testing.T) {
	known, err := (&options{expected: "expected.tsv", leftOut: "leftout.tsv", failing: "failing.tsv"}).lists()
	if err != nil || len(known.expected) == 0 || len(known.failing) == 0 {
		t.Fatal(known, err)
	}
	for key := range known.failing {
		if known.expected[key] || known.leftOut[key] != "" {
			t.Errorf("%s is named as failing, and elsewhere", key)
		}
	}
	for key := range known.leftOut {
		if known.expected[key] {
			t.Errorf("%s is left out, and expected to pass", key)
		}
	}
}

// TestBars: a bar is missed or not, and looked at if all its folders were run.
func TestBars(t *testing.T) {
	var results []*result
	add := func(dir string, n int, v verdict) {
		for range n {
			results = append(results, &result{entry: &entry{dir: dir, program: "p", ranks: 1}, verdict: v})
		}
	}
	add("comm", 19, passed)
	add("comm", 1, xfailed)
	add("datatype", 8, passed)
	add("datatype", 1, failed)
	add("datatype", 4, leftOut)
	add("errors/rma", 5, failed)
	results = append(results, &result{entry: &entry{dir: "comm", program: "p", ranks: 1, pool: true}, verdict: failed}) // does not count
	for _, c := range []struct {
		dirs, words string
		ok          bool
	}{
		{"comm", "20       19    95.0%      95%\n", true},
		{"datatype", "9        8    88.9%      90%  missed\n", false},
		{"errors", "", true},
		{"errors,threads", "5        0     0.0%      85%  missed\n", false},
	} {
		table, ok := barTable(strings.Split(c.dirs, ","), results)
		if ok != c.ok || !strings.Contains(table, c.words) || c.words == "" && table != "" {
			t.Errorf("%s: %v\n%s", c.dirs, ok, table)
		}
	}
	for _, row := range bars {
		if !within(row.folders, folders) {
			t.Errorf("a bar for %v, which are not run", row.folders)
		}
	}
}

// TestAgreed: a verdict counts when all runs agree.
func TestAgreed(t *testing.T) {
	prefix, root := t.TempDir(), t.TempDir()
	for _, dir := range []string{prefix + "/bin", root + "/d"} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	// The launcher says what the program holds, line by line from run to run.
	script := "#!/bin/sh\nhead -1 \"$3\"; sed -i 1d \"$3\"\n"
	if err := os.WriteFile(prefix+"/bin/rainrun", []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	s := &suite{root: root, prefix: prefix}
	for name, c := range map[string]struct {
		says string
		want verdict
	}{
		"steady": {" No Errors\n No Errors\n No Errors\n", passed},
		"wrong":  {"Found 1 errors\nFound 2 errors\nFound 3 errors\n", failed},
		"shaky":  {" No Errors\n No Errors\nFound 1 errors\n", unsteady},
		"rough":  {"Found 1 errors\n No Errors\n No Errors\n", unsteady},
	} {
		if err := os.WriteFile(filepath.Join(root, "d", name), []byte(c.says), 0o666); err != nil {
			t.Fatal(err)
		}
		r := s.agreed(t.Context(), &entry{dir: "d", program: name, ranks: 1}, &options{repeat: 3, limit: time.Minute}, &place{})
		if r.verdict != c.want {
			t.Errorf("%s: %s (%s), want %s", name, r.verdict, r.reason, c.want)
		}
	}
}

// TestForced: a pass counts when the program passes with every algorithm that there is.
func TestForced(t *testing.T) {
	prefix, root := t.TempDir(), t.TempDir()
	for _, dir := range []string{prefix + "/bin", root + "/coll", root + "/pt2pt"} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]bool{}
	for _, choice := range choices() {
		for _, item := range strings.Split(choice, ",") {
			all[item] = true
		}
	}
	for _, c := range mpi.Collectives() {
		for _, name := range mpi.Algorithms(c) {
			if !all[c+":"+name] {
				t.Errorf("%s of %s is never forced", name, c)
			}
		}
	}
	// The launcher finds an error as soon as the algorithm is forced that the program names.
	script := "#!/bin/sh\ncase ,$RAIN_COLL, in *,$(cat \"$3\"),*) echo Found 1 errors;; *) echo ' No Errors';; esac\n"
	if err := os.WriteFile(prefix+"/bin/rainrun", []byte(script), 0o777); err != nil {
		t.Fatal(err)
	}
	s := &suite{root: root, prefix: prefix}
	for _, c := range []struct {
		dir, says string
		want      verdict
	}{
		{"coll", "nothing:at_all", passed},
		{"coll", "allreduce:ring", failed},
		{"coll", "scan:recursive_doubling", failed},
		{"pt2pt", "allreduce:ring", passed},
	} {
		if err := os.WriteFile(filepath.Join(root, c.dir, "prog"), []byte(c.says), 0o666); err != nil {
			t.Fatal(err)
		}
		e := &entry{dir: c.dir, program: "prog", ranks: 1}
		r := s.agreed(t.Context(), e, &options{limit: time.Minute, algorithms: true}, &place{})
		if r.verdict != c.want || r.entry != e || r.verdict == failed && !strings.Contains(r.reason, c.says) {
			t.Errorf("%s/%s: %s (%s), want %s", c.dir, c.says, r.verdict, r.reason, c.want)
		}
	}
}

// TestCut: what is said of a rail in a lab run.
func TestCut(t *testing.T) {
	c := cut{fault: lab.Fault{Kind: lab.KindCut, Rail: "rail2", End: lab.AtHost}, at: 120 * time.Millisecond, inside: true}
	if got := c.String(); got != "cut:rail2:host after 0.120 s" {
		t.Error(got)
	}
	several, one := &entry{dir: "d", program: "a", ranks: 2}, &entry{dir: "d", program: "b", ranks: 1}
	results := []*result{{entry: several, verdict: passed, cut: c}, {entry: several, verdict: passed}, {entry: one, verdict: passed}}
	if got := cuts(results); !strings.Contains(got, "1 of 2 entries") {
		t.Error(got)
	}
	if got := (&place{lab: &lab.Lab{}}).hosts(3); strings.Join(got, " ") != "--bind-to none --host h1:2,h2:1" {
		t.Error(got)
	}
}
