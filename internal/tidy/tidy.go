// Package tidy holds the project's rules of style as tests: which package may
// import which, what pure packages keep away from, how long files are, what
// stands at the top. ARCHITECTURE.md says why packages are pure; other reasons
// stand at the tests.
package tidy

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

const module = "rainmpi"

// A source is a Go file of the project.
type source struct {
	path    string // from the project's root, with slashes
	pkg     string // import path
	imports []string
	lines   int
	doc     bool // it has the package's comment
	test    bool
	made    bool // by a generator
	text    string
}

// load reads all Go files under root; what a build leaves is passed over.
func load(root string) ([]*source, error) {
	var files []*source
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (name == "build" || name == "testdata" || strings.HasPrefix(name, ".")) {
				return filepath.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" {
			return nil
		}
		s, err := read(root, path)
		if err == nil {
			files = append(files, s)
		}
		return err
	})
	return files, err
}

func read(root, path string) (*source, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return nil, err
	}
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	rel = filepath.ToSlash(rel)
	s := &source{
		path:  rel,
		pkg:   strings.TrimSuffix(module+"/"+filepath.ToSlash(filepath.Dir(rel)), "/."),
		lines: strings.Count(string(text), "\n"),
		doc:   file.Doc != nil,
		test:  strings.HasSuffix(rel, "_test.go"),
		made:  ast.IsGenerated(file),
		text:  string(text),
	}
	for _, i := range file.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return nil, err
		}
		s.imports = append(s.imports, p)
	}
	return s, nil
}

// layers says which packages of the project a package may import: itself and
// what is below it, of the first rule whose folder it is in. What no rule names
// imports nothing of the project.
var layers = []struct {
	in    string
	below string
}{
	{"rainnet/wire", ""},
	{"rainnet/link", "rainnet/wire"},
	{"rainnet/rudp", "rainnet/link rainnet/wire"},
	{"rainnet/member", "rainnet/link rainnet/wire"},
	{"rainnet/relay", ""},
	{"rainnet", "rainnet"},
	{"mpi/internal", "mpi/internal"},
	{"mpi", "mpi rainnet internal/boot internal/cpulist internal/pmi"},
	{"cbind", "cbind mpi"},
	// rainrun info lists what cbind has not got: a table that cbind generates.
	{"launcher/rainrun", "launcher rainnet cbind/abi internal/boot internal/manual"},
	{"launcher", "launcher rainnet internal/boot internal/cpulist internal/pmi"},
	{"bench", "bench mpi rainnet launcher internal/manual"},
	{"examples", "mpi rainnet launcher"},
	{"internal/simnet", "internal/simnet rainnet"},
	{"internal", "internal"},
}

// inside reports whether package p is folder dir of the project or below it.
func inside(p, dir string) bool {
	p = strings.TrimPrefix(p, module+"/")
	return p == dir || strings.HasPrefix(p, dir+"/")
}

// wrongImport returns why s may not import p, or "".
func wrongImport(s *source, p string) string {
	if p != module && !strings.HasPrefix(p, module+"/") || p == s.pkg {
		return ""
	}
	for _, l := range layers {
		if !inside(s.pkg, l.in) {
			continue
		}
		for _, dir := range strings.Fields(l.below) {
			if inside(p, dir) {
				return ""
			}
		}
		return fmt.Sprintf("%s imports %s: what is in %s may import of this project: %s", s.path, p, l.in, l.below)
	}
	return fmt.Sprintf("%s imports %s: no rule is known for %s", s.path, p, s.pkg)
}

// pure are the packages that are driven: time comes in as a number, nothing in
// them waits, and a seed decides all, so that a simulator can be their driver.
var pure = []string{
	"rainnet/wire", "rainnet/link", "rainnet/rudp", "rainnet/member", "rainnet/relay",
	"mpi/internal/match", "mpi/internal/dtype", "mpi/internal/coll", "mpi/internal/redop", "mpi/internal/view",
}

// drivers are what a pure package keeps away from: clocks, locks, sockets, the
// system, random numbers that no seed decides.
var drivers = map[string]bool{
	"time": true, "sync": true, "sync/atomic": true, "os": true, "io/fs": true, "syscall": true, "net": true,
	"math/rand": true, "math/rand/v2": true, "crypto/rand": true, "context": true,
	"golang.org/x/sys/unix": true, "golang.org/x/net": true, "log": true, "log/slog": true,
}

// impure returns why s may not import p, or "". Tests may measure and read files.
func impure(s *source, p string) string {
	if s.test || !drivers[p] {
		return ""
	}
	for _, dir := range pure {
		if s.pkg == module+"/"+dir {
			return fmt.Sprintf("%s imports %s: %s is pure; hand it in", s.path, p, dir)
		}
	}
	return ""
}
