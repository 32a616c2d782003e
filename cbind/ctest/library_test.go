package ctest

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rainmpi/cbind/abi"
)

// table reads the named columns of a file of facts.
func table(t *testing.T, name string) [][]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../abi", name))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		rows = append(rows, strings.Split(line, "\t"))
	}
	return rows
}

func TestExports(t *testing.T) {
	lib, err := elf.Open(prefix + "/lib/libmpi_abi.so.1")
	if err != nil {
		t.Fatal(err)
	}
	defer lib.Close()
	want := make(map[string]bool)
	for _, row := range table(t, "functions.tsv") {
		want[row[0]], want["P"+row[0]] = true, true
	}
	if len(want) != 2*abi.Functions {
		t.Fatalf("%d names in functions.tsv, want %d", len(want), 2*abi.Functions)
	}
	symbols, err := lib.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF {
			continue
		}
		if !want[s.Name] {
			t.Errorf("%s is exported, or twice", s.Name)
		}
		delete(want, s.Name)
		if strong := strings.HasPrefix(s.Name, "P"); strong != (elf.ST_BIND(s.Info) == elf.STB_GLOBAL) {
			t.Errorf("%s has binding %v; MPI_ names are weak, PMPI_ names are not", s.Name, elf.ST_BIND(s.Info))
		}
	}
	for name := range want {
		t.Errorf("%s is not exported", name)
	}
	if names, err := lib.DynString(elf.DT_SONAME); err != nil || len(names) != 1 || names[0] != "libmpi_abi.so.1" {
		t.Errorf("SONAME %v %v, want libmpi_abi.so.1", names, err)
	}
	for _, link := range []string{"libmpi_abi.so", "libmpi_abi.so.0", "libmpi.so"} {
		if to, err := filepath.EvalSymlinks(filepath.Join(prefix, "lib", link)); err != nil || filepath.Base(to) != "libmpi_abi.so.1" {
			t.Errorf("%s leads to %s, %v", link, to, err)
		}
	}
}

// TestHeader compiles the facts as assertions, in C and C++, old and strict.
func TestHeader(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("#include <mpi.h>\n#include <stddef.h>\n#define SAME(n, a, b) typedef char n[(long long)(a) == (long long)(b) ? 1 : -1]\n")
	for i, row := range table(t, "constants.tsv") {
		if row[1] == "int" || row[1] == "MPI_Offset" {
			fmt.Fprintf(&b, "SAME(c%d, %s, %s);\n", i, row[0], row[2])
		}
	}
	for i, size := range []string{"MPI_Aint:8", "MPI_Offset:8", "MPI_Count:8", "MPI_Status:32", "MPI_Comm:8", "MPI_Datatype:8", "MPI_Request:8"} {
		name, n, _ := strings.Cut(size, ":")
		fmt.Fprintf(&b, "SAME(s%d, sizeof(%s), %s);\n", i, name, n)
	}
	b.WriteString("SAME(o1, offsetof(MPI_Status, MPI_TAG), 4);\nSAME(o2, offsetof(MPI_Status, MPI_internal), 12);\n")
	// Handles are no constant expressions in C: they are compared at run time.
	b.WriteString("#include <stdio.h>\nint main(void) {\n    int bad = 0;\n")
	for _, row := range table(t, "constants.tsv") {
		if row[1] != "int" && row[1] != "MPI_Offset" {
			fmt.Fprintf(&b, "    if ((intptr_t)%s != %s) bad++, puts(\"%s\");\n", row[0], row[2], row[0])
		}
	}
	b.WriteString("    return bad;\n}\n")
	dir := t.TempDir()
	for _, c := range []struct{ file, compiler, flags string }{
		{"a.c", "mpicc", "-std=c99 -pedantic"},
		{"b.c", "mpicc", "-std=gnu89"},
		{"c.c", "mpicc", "-std=c17 -DMPI_ABI_STRICT"},
		{"d.cc", "mpicxx", "-std=c++11"},
		{"e.cc", "mpicxx", "-std=c++20"},
	} {
		source, exe := filepath.Join(dir, c.file), filepath.Join(dir, c.file+".out")
		if err := os.WriteFile(source, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		args := append(strings.Fields(c.flags), "-Wall", "-Wno-unused-local-typedefs", "-Werror", source, "-o", exe)
		must(t, filepath.Join(prefix, "bin", c.compiler), args...)
		if out, err := run(t, exe); err != nil {
			t.Errorf("%s %s: wrong values: %s", c.compiler, c.flags, out)
		}
	}
}

// TestCompatBlock: the old names are there, and gone with -DMPI_ABI_STRICT.
func TestCompatBlock(t *testing.T) {
	source := filepath.Join(t.TempDir(), "old.c")
	text := "#include <mpi.h>\nint main(void) { MPI_Aint a; MPI_Fint f = MPI_Comm_c2f(MPI_COMM_WORLD);\n" +
		"MPI_Address(&a, &a); return MPI_Type_extent(MPI_INT, &a) + (MPI_Comm_f2c(f) != MPI_COMM_WORLD) + (PMPI_Comm_c2f(PMPI_Comm_f2c(f)) != f) + (a != 4); }\n"
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "old")
	must(t, prefix+"/bin/mpicc", source, "-o", exe)
	if out, err := run(t, prefix+"/bin/mpicc", "-Werror=implicit-function-declaration", "-DMPI_ABI_STRICT", "-c", source, "-o", "/dev/null"); err == nil {
		t.Errorf("-DMPI_ABI_STRICT hides nothing: %s", out)
	}
}

// TestUnsupportedIsExported: a listed name that is not in the ABI would be a lie.
func TestUnsupportedIsExported(t *testing.T) {
	names := make(map[string]bool)
	for _, row := range table(t, "functions.tsv") {
		names[row[0]] = true
	}
	for _, name := range abi.Unsupported {
		if !names[name] {
			t.Errorf("%s is no function of the ABI", name)
		}
	}
	t.Logf("%d of %d functions are not implemented", len(abi.Unsupported), abi.Functions)
}
