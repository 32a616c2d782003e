package debsrc

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerified(t *testing.T) {
	dir := t.TempDir()
	body := []byte("an original tarball")
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write("prog_1.0.orig.tar.gz", string(body))
	write("prog_1.0-3.dsc", fmt.Sprintf("Source: prog\nChecksums-Sha1:\n 00 19 prog_1.0.orig.tar.gz\n"+
		"Checksums-Sha256:\n %x 19 prog_1.0.orig.tar.gz\n 11 5 prog_1.0-3.debian.tar.xz\n", sha256.Sum256(body)))
	got, err := verified("prog", dir)
	if err != nil || got != filepath.Join(dir, "prog_1.0.orig.tar.gz") {
		t.Fatalf("verified = %q, %v", got, err)
	}
	write("prog_1.0.orig.tar.gz", "another tarball")
	if _, err := verified("prog", dir); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Fatalf("a wrong tarball: %v", err)
	}
}

func TestAsSources(t *testing.T) {
	in := "# c\ndeb http://x y main\ndeb-src http://x y main\nTypes: deb\nURIs: http://x\n"
	want := "# c\ndeb-src http://x y main\ndeb-src http://x y main\nTypes: deb-src\nURIs: http://x\n"
	if got := asSources(in); got != want {
		t.Errorf("asSources: %q", got)
	}
}

// TestUnavailable: who does not get at the sources is told so, and can tell it from a wrong tarball.
func TestUnavailable(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no apt-get
	_, err := Fetch(t.Context(), "prog", t.TempDir(), io.Discard)
	if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), "apt-get") {
		t.Errorf("without apt-get: %v", err)
	}
}

// TestNeed: what is there is not asked for, and what is missing is asked for by its package.
func TestNeed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir) // no apt-get
	if err := os.WriteFile(filepath.Join(dir, "here"), []byte("#!/bin/sh\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := Need(t.Context(), map[string]string{"here": "here-tools"}, io.Discard); err != nil {
		t.Errorf("a command that is there: %v", err)
	}
	err := Need(t.Context(), map[string]string{"here": "here-tools", "absent": "absent-tools"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "apt-get install absent-tools") || strings.Contains(err.Error(), "here-tools") {
		t.Errorf("a command that is missing: %v", err)
	}
}
