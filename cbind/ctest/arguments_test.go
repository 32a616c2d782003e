package ctest

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rainmpi/cbind/abi"
)

// TestArguments calls every function of the ABI that is built, with one argument wrong at a time, as
// the table in arguments_table_test.go says. Each call must give the right error class, and a text
// that names the argument and its value. Rank 0 makes the calls while the other rank waits in a
// barrier: an operation that began before its arguments were checked would hang one of them.
func TestArguments(t *testing.T) {
	var calls strings.Builder
	n := 0
	for _, fn := range builtFunctions(t) {
		cases := fn.cases(t)
		if _, ok := excused[fn.name]; ok == (len(cases) > 0) {
			t.Errorf("%s: %d cases, excused: %v", fn.name, len(cases), ok)
		}
		n += len(cases)
		for _, c := range cases {
			fmt.Fprintln(&calls, "   ", c)
		}
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "arguments.c")
	text := strings.Replace(argumentsMain, "CALLS", calls.String(), 1)
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	header, err := filepath.Abs("testdata/arguments")
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(dir, "arguments")
	must(t, prefix+"/bin/mpicc", "-w", "-O0", "-I", header, source, "-o", exe)
	if out, err := run(t, prefix+"/bin/rainrun", "-n", "2", exe); err != nil {
		t.Errorf("%d calls: %v\n%s", n, err, out)
	}
}

const argumentsMain = `#include "arguments.h"

int main(int argc, char **argv) {
    int rank;
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    prepare();
    if (rank == 0) {
CALLS
        alarm(0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Barrier(cart);
    if (rank == 0 && failures > 0) fprintf(stderr, "%d calls failed otherwise than they should\n", failures);
    if (failures > 0) MPI_Abort(MPI_COMM_WORLD, 1);
    MPI_Session_finalize(&session);
    return MPI_Finalize();
}
`

type abiFunction struct {
	name   string
	params []abiParam
}

type abiParam struct{ kind, name string }

var abiParamRE = regexp.MustCompile(`^(.*?)(\w+)((?:\[\d*\])*)$`)

// builtFunctions reads abi/functions.tsv and leaves out what is not built. Handles are converted to
// integers and back without a look at them. The tools interface has error classes of its own and
// calls no error handler: testdata/tool.c looks at it.
func builtFunctions(t *testing.T) []abiFunction {
	text, err := os.ReadFile("../abi/functions.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []abiFunction
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		row := strings.Split(line, "\t")
		if row[1] == "Handle serialization" || row[1] == "Tools MPI_T" || slices.Contains(abi.Unsupported, row[0]) {
			continue
		}
		fn := abiFunction{name: row[0]}
		for _, d := range strings.Split(row[4], ", ") {
			if m := abiParamRE.FindStringSubmatch(d); m != nil && d != "void" {
				fn.params = append(fn.params, abiParam{strings.TrimSpace(m[1]) + m[3], m[2]})
			}
		}
		list = append(list, fn)
	}
	if len(list)+len(abi.Unsupported) < abi.Functions/2 {
		t.Fatalf("only %d functions", len(list))
	}
	return list
}

// cases are the lines of C that call fn with one bad argument.
func (fn abiFunction) cases(t *testing.T) []string {
	if _, ok := excused[fn.name]; ok {
		return nil
	}
	var found []*rule
	var valid []string
	for i, p := range fn.params {
		r := ruleFor(fn.name, p)
		if r == nil {
			t.Errorf("%s: no rule says how to give its %s %s", fn.name, p.kind, p.name)
			return nil
		}
		found = append(found, r)
		valid = append(valid, place(r.valid, i))
	}
	var lines []string
	for i, p := range fn.params {
		for _, w := range found[i].wrongs {
			args := slices.Clone(valid)
			args[i] = place(w.value, i)
			lines = append(lines, fmt.Sprintf("CASE(%s, %q, %s, %s(%s));", w.class, fn.name, p.words(w), fn.name, strings.Join(args, ", ")))
		}
	}
	return lines
}

// place gives the i-th argument its own memory.
func place(value string, i int) string {
	if value == "Z" {
		return fmt.Sprintf("Z(%d)", i)
	}
	return value
}

// words is a C expression: what the message must say of the bad argument.
func (p abiParam) words(w wrong) string {
	switch {
	case strings.HasPrefix(w.words, "shows"):
		return w.words
	case w.words != "":
		return fmt.Sprintf("%q", w.words)
	case w.value == "NULL":
		return fmt.Sprintf("%q", p.name+"=NULL")
	case p.kind == "int" || p.kind == "MPI_Count" || p.kind == "MPI_Aint" || p.kind == "MPI_Offset":
		return fmt.Sprintf("shows(%q, %s)", p.name, w.value)
	}
	_, constant, _ := strings.Cut(w.value, ")")
	if constant == "" {
		constant = w.value
	}
	if strings.HasPrefix(constant, "MPI_") {
		return fmt.Sprintf("%q", p.name+"="+constant)
	}
	return fmt.Sprintf("shows_handle(%q, %s)", p.name, w.value)
}

func ruleFor(function string, p abiParam) *rule {
	short := strings.TrimSuffix(strings.TrimPrefix(function, "MPI_"), "_c")
	for i := range rules {
		r := &rules[i]
		if whole(r.types, p.kind) && whole(r.names, p.name) && whole(r.functions, short) {
			return r
		}
	}
	return nil
}

func whole(pattern, s string) bool {
	return pattern == "" || regexp.MustCompile(`^(`+pattern+`)$`).MatchString(s)
}
