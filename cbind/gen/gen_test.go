package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The generated files are kept in the project so that `go build` needs no generator. This test says
// when they are stale.
func TestGeneratedFilesAreFresh(t *testing.T) {
	files, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("cbind/%s is stale: run `make cbind-generate`", name)
		}
	}
}

func TestFacts(t *testing.T) {
	f, err := readFacts("../abi")
	if err != nil {
		t.Fatal(err)
	}
	if len(f.functions) != 664 || len(f.constants) != 365 {
		t.Fatalf("%d functions and %d constants, want 664 and 365", len(f.functions), len(f.constants))
	}
	twins := 0
	for _, fn := range f.functions {
		if fn.plain != nil {
			twins++
		}
	}
	if twins != 161 {
		t.Errorf("%d large-count twins, want 161", twins)
	}
}

func TestEntries(t *testing.T) {
	f, err := readFacts("../abi")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]struct {
		entry string
		wide  bool
		kind  string
	}{
		"MPI_Send":                {"rain_Send", false, "RAIN_COMM"},
		"MPI_Send_c":              {"rain_Send", false, "RAIN_COMM"},
		"MPI_Alltoallv_c":         {"rain_Alltoallv", true, "RAIN_COMM"},
		"MPI_Op_create":           {"rain_Op_create", true, "RAIN_NONE"},
		"MPI_Type_get_contents_c": {"rain_Type_get_contents_c", false, "RAIN_NONE"},
		"MPI_Put":                 {"rain_Put", false, "RAIN_WIN"},
		"MPI_Win_create":          {"rain_Win_create", false, "RAIN_COMM"},
		"MPI_File_open":           {"rain_File_open", false, "RAIN_FILE"},
		"MPI_Comm_free":           {"rain_Comm_free", false, "RAIN_COMM"},
		"MPI_Wait":                {"rain_Wait", false, "RAIN_NONE"},
	}
	for _, fn := range f.functions {
		w, ok := want[fn.Name]
		if !ok {
			continue
		}
		kind, _ := fn.raisedOn()
		if fn.entry() != w.entry || fn.wideFlag() != w.wide || kind != w.kind {
			t.Errorf("%s: %s %v %s, want %v", fn.Name, fn.entry(), fn.wideFlag(), kind, w)
		}
	}
}
