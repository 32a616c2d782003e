package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A param is one parameter of a C function. Type is what is left of the declaration without the
// name, spaces as in the source: "const int[]", "MPI_Comm *".
type param struct {
	Decl, Type, Name string
}

// A function is one line of functions.tsv.
type function struct {
	Name, Chapter, Deprecated, Returns string
	Params                             []param
	twin                               *function // the large-count form, of the plain form only
	plain                              *function // the plain form, of the large-count form only
}

// A constant is one line of constants.tsv.
type constant struct {
	Name, Type, Value string
}

// isHandle reports whether the constant is a handle of chapters 3 to 14: the tools interface has
// its own null.
func (c constant) isHandle() bool {
	return strings.HasPrefix(c.Type, "MPI_") && !strings.HasPrefix(c.Type, "MPI_T_") &&
		c.Type != "MPI_Offset" && !strings.HasSuffix(c.Type, "*")
}

type facts struct {
	functions []*function
	constants []constant
	typedefs  string
}

func readFacts(dir string) (*facts, error) {
	f := new(facts)
	rows, err := readTable(filepath.Join(dir, "functions.tsv"), 5)
	if err != nil {
		return nil, err
	}
	byName := make(map[string]*function)
	for _, r := range rows {
		fn := &function{Name: r[0], Chapter: r[1], Deprecated: r[2], Returns: r[3]}
		if fn.Params, err = parseParams(r[4]); err != nil {
			return nil, fmt.Errorf("%s: %w", fn.Name, err)
		}
		f.functions = append(f.functions, fn)
		byName[fn.Name] = fn
	}
	for _, fn := range f.functions {
		if p := byName[strings.TrimSuffix(fn.Name, "_c")]; p != nil && p != fn {
			fn.plain, p.twin = p, fn
		}
	}
	rows, err = readTable(filepath.Join(dir, "constants.tsv"), 3)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		f.constants = append(f.constants, constant{r[0], r[1], r[2]})
	}
	text, err := os.ReadFile(filepath.Join(dir, "typedefs.txt"))
	f.typedefs = string(text)
	return f, err
}

func readTable(path string, columns int) ([][]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var rows [][]string
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		r := strings.Split(line, "\t")
		if len(r) != columns {
			return nil, fmt.Errorf("%s:%d: %d columns, want %d", path, i+1, len(r), columns)
		}
		if i > 0 { // the first line names the columns
			rows = append(rows, r)
		}
	}
	return rows, nil
}

var paramRE = regexp.MustCompile(`^(.*?)(\w+)((?:\[\d*\])*)$`)

func parseParams(s string) ([]param, error) {
	if s == "void" {
		return nil, nil
	}
	var ps []param
	for _, d := range strings.Split(s, ", ") {
		if d == "..." {
			ps = append(ps, param{Decl: d, Type: d})
			continue
		}
		m := paramRE.FindStringSubmatch(d)
		if m == nil {
			return nil, fmt.Errorf("cannot read parameter %q", d)
		}
		ps = append(ps, param{Decl: d, Type: strings.TrimSpace(m[1]) + m[3], Name: m[2]})
	}
	return ps, nil
}

// decl is the parameter list as it stands in a prototype.
func (fn *function) decl() string {
	if len(fn.Params) == 0 {
		return "void"
	}
	var ds []string
	for _, p := range fn.Params {
		ds = append(ds, p.Decl)
	}
	return strings.Join(ds, ", ")
}

// short is the name without its MPI_ prefix.
func (fn *function) short() string { return strings.TrimPrefix(fn.Name, "MPI_") }

// shares reports whether the plain form and its large-count twin differ only in the width of
// parameters, so that one Go entry serves both.
func (fn *function) shares() bool {
	other := fn.other()
	return other != nil && len(other.Params) == len(fn.Params)
}

func (fn *function) other() *function {
	if fn.plain != nil {
		return fn.plain
	}
	return fn.twin
}

// entry is the Go function that answers fn.
func (fn *function) entry() string {
	if fn.plain != nil && fn.shares() {
		return "rain_" + fn.plain.short()
	}
	return "rain_" + fn.short()
}

// wideFlag reports whether the shared entry must be told which form it serves: array elements and a
// callback's length have that form's width, and a datatype remembers which call made it. Scalars are
// widened in C and need no flag.
func (fn *function) wideFlag() bool {
	if !fn.shares() {
		return false
	}
	for i, p := range fn.Params {
		q := fn.other().Params[i]
		if p.Name == "newtype" {
			return true
		}
		if p.Type != q.Type && (strings.Contains(p.Type, "[]") || strings.Contains(p.Type, "function")) {
			return true
		}
	}
	return false
}

// narrows reports whether parameter i is an int * whose twin is an MPI_Count * or MPI_Aint *: the
// entry writes 64 bits, and the plain form narrows them afterwards.
func (fn *function) narrows(i int) bool {
	if fn.twin == nil || !fn.shares() || fn.Params[i].Type != "int *" {
		return false
	}
	wide := fn.twin.Params[i].Type
	return wide == "MPI_Count *" || wide == "MPI_Aint *"
}
