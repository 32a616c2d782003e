package bench

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// all are the C program's tests that check what came.
const all = "latency,bandwidth,bothways,rate,bcast,allreduce,allgather,alltoall,reduce,gather,scatter,reduce_scatter_block,put,get,puts,gets,overlap,threads,beside"

// Every test of the C program says something of every size, and every message is
// what was sent, on one host and between two.
func TestProgram(t *testing.T) {
	impl, prog := compiled(t)
	for _, place := range []Setting{{Cores: 2}, {Cores: 2, Lab: lab.Start(t, lab.Config{Hosts: 2, Rails: 2})}} {
		cmd := impl.Command(&place, 2, prog, "-t", all, "-s", "8,100k", "-d", "0.01", "-c")
		run, err := Execute(t.Context(), cmd, 2*time.Minute, nil)
		if err != nil {
			t.Error(err)
			continue
		}
		seen := map[string]int{}
		for _, r := range run.Results {
			seen[r.Test]++
			if r.Value == 0 || r.Wrong > 0 || !r.Checked || r.Messages == 0 {
				t.Errorf("%+v", r)
			}
		}
		for _, name := range strings.Split(all+",exchange,alone,longest,meanwhile", ",") {
			if seen[name] != 2 {
				t.Errorf("%s: %d results, want 2", name, seen[name])
			}
		}
	}
}

// compiled is the C program, by the mpicc that make build has put into build.
func compiled(t *testing.T) (impl *Impl, prog string) {
	t.Helper()
	prefix, err := filepath.Abs("../build")
	if err != nil {
		t.Fatal(err)
	}
	if impl, err = find(RainMPI, prefix); err != nil {
		t.Fatalf("%v: run make build first", err)
	}
	if prog, err = impl.Compile("c", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	return impl, prog
}
