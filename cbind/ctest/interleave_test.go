package ctest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A fault is planted in the code by writing one text for another; FAULT in it is not 0 if it is planted. It is
// found in a scene of testdata/interleave/explore.c.
var faults = []struct{ name, scene, file, old, new string }{
	{"a record is published by a release", "receive", "eager.c", "(uint32_t)length + 1, __ATOMIC_SEQ_CST", "(uint32_t)length + 1, FAULT ? __ATOMIC_RELEASE : __ATOMIC_SEQ_CST"},
	{"the second half of a line is not cleared", "receive", "eager.c", "if (w->pos % LINE)", "if (w->pos % LINE && !FAULT)"},
	{"who parks does not say so", "receive", "again.c", "__atomic_fetch_add(w->sleep, 1, __ATOMIC_SEQ_CST);", "if (!FAULT) __atomic_fetch_add(w->sleep, 1, __ATOMIC_SEQ_CST);"},
	{"the bell is read last", "receive", "again.c", "syscall(SYS_futex, w->bell, FUTEX_WAIT, bell,", "syscall(SYS_futex, w->bell, FUTEX_WAIT, FAULT ? load(w->bell) : bell,"},
	{"the bell is not counted", "receive", "again.c", "__atomic_fetch_add(&c->bell, 1,", "if (!FAULT) __atomic_fetch_add(&c->bell, 1,"},
	{"the watched word stays at the end of the ring", "receive", "eager.c", "*l->word = word(&r->ring, r->pos);\n        others", "if (!FAULT) *l->word = word(&r->ring, r->pos);\n        others"},
	{"a thread goes without a look at the others", "threads", "eager.c", "if (__builtin_expect(rain_multiple, 0))", "if (rain_multiple && !FAULT)"},
}

// TestInterleavings explores all orders of the steps of eager.c and again.c, of three threads those in which
// each is interrupted once at most. Faults in the code are found by it.
func TestInterleavings(t *testing.T) {
	dir := t.TempDir()
	for _, from := range []string{"../include", "testdata/interleave"} {
		to := dir
		if from == "../include" {
			to = filepath.Join(dir, "include")
		}
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"eager.c", "again.c", "frame.h"} {
		source, err := os.ReadFile("../" + name)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(string(source), "CLEARED = 16 * LINE", "CLEARED = LINE", 1) // the ring has eight
		for _, f := range faults {
			if f.file != name {
				continue
			}
			if n := strings.Count(text, f.old); n != 1 {
				t.Fatalf("%s has %q %d times; plant %q elsewhere", name, f.old, n, f.name)
			}
			text = strings.Replace(text, f.old, strings.ReplaceAll(f.new, "FAULT", `plant("`+f.name+`")`), 1)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	exe := filepath.Join(dir, "explore")
	must(t, "gcc", "-std=gnu11", "-O1", "-Wall", "-Werror", "-o", exe, filepath.Join(dir, "explore.c"))
	for _, scene := range []string{"receive", "tickets", "threads"} {
		t.Log(must(t, exe, scene))
	}
	for _, f := range faults {
		if out, err := run(t, exe, f.scene, f.name); err == nil || !strings.Contains(out, "for ever") && !strings.Contains(out, "left to Go") {
			t.Errorf("not found: %s: %v\n%s", f.name, err, out)
		}
	}
}
