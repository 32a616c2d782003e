package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rainmpi/bench"
)

// withHangingPeer puts an MPICH into PATH whose programs never end.
func withHangingPeer(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range map[string]string{"mpicc.mpich": "exit 0", "mpirun.mpich": "exec sleep 600"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// jsonOf runs rainbench, and reads what it has written.
func jsonOf(t *testing.T, into any, args string) (out string, status int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "json")
	out, errs, status := run(t, append(strings.Fields(args), "--json", file, "--prefix", built, "--src", "../c")...)
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("%v: %s\n%s\n%s", err, text, out, errs)
	}
	return out, status
}

// A peer that hangs is a row of the table and of the file, and rainmpi is measured all the same. The rates are not
// looked at: others use this machine.
func TestRailsBesideAPeerThatHangs(t *testing.T) {
	needBuild(t)
	withHangingPeer(t)
	var rows []bench.Striped
	out, _ := jsonOf(t, &rows, "rails --rails 1 --tests bandwidth --runs 1 --duration 0.05 --patience 5s --peers mpich,rainmpi")
	if len(rows) != 2 || rows[0].Hung != 1 || len(rows[0].Failures) != 1 || len(rows[0].Values) != 0 || len(rows[1].Values) != 1 || rows[1].Hung != 0 {
		t.Errorf("%+v", rows)
	}
	if !strings.Contains(out, "1 of them hung") {
		t.Errorf("the table tells nothing of it:\n%s", out)
	}
}

// Without --rails too; its figures are 0, and no bar is missed that is not rainmpi's.
func TestBrokenRailsOfAPeerThatHangs(t *testing.T) {
	needBuild(t)
	withHangingPeer(t)
	var reports []railsReport
	out, status := jsonOf(t, &reports, "rails --runs 1 --duration 0.05 --patience 0s --faults cut:rail1,cut:rail2 --down 0 --peers mpich")
	if status != 0 || len(reports) != 1 || reports[0].Impl != "mpich" || len(reports[0].Bars) != 5 || len(reports[0].Failures) != 5 {
		t.Errorf("status %d, %+v\n%s", status, reports, out)
	}
	for _, b := range reports[0].Bars {
		if b.Value != 0 {
			t.Errorf("%v", b)
		}
	}
}
