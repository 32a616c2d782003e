package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	exportRE = regexp.MustCompile(`(?m)^//export (rain_\w+)$`)
	fastRE   = regexp.MustCompile(`(?m)^int rain_fast_(\w+)\(`)
	nativeRE = regexp.MustCompile(`(?m)^\w[\w ]*\bPMPI_(\w+)\(`)
)

// have says who answers a function.
type have struct {
	entries map[string]bool // Go functions exported as rain_X
	native  map[string]bool // PMPI_X written by hand in C, by X
	fast    map[string]bool // rain_fast_X, which may do the call without Go
}

// implemented looks through the hand-written files of the cbind folder.
func implemented(dir string) (have, error) {
	h := have{make(map[string]bool), make(map[string]bool), make(map[string]bool)}
	err := scan(dir, "*.go", exportRE, h.entries)
	if err == nil {
		err = scan(dir, "*.c", nativeRE, h.native)
	}
	if err == nil {
		err = scan(dir, "*.c", fastRE, h.fast)
	}
	return h, err
}

func scan(dir, pattern string, re *regexp.Regexp, found map[string]bool) error {
	paths, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		return err
	}
	for _, path := range paths {
		if strings.HasSuffix(path, "_gen.c") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range re.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
	}
	return nil
}

// answers reports whether anything implements fn.
func (h have) answers(fn *function) bool {
	return h.native[fn.short()] || fn.serialises() || h.entries[fn.entry()]
}
