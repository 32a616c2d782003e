package ctest

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMixed runs the random mixture of testdata/mixed.c with more ranks than TestPrograms does, also
// where they outnumber the processors, and with threads that have a communicator each.
func TestMixed(t *testing.T) {
	exe := compile(t, "mixed.c")
	for _, k := range []struct{ ranks, seed, steps, threads string }{
		{"2", "11", "1000", "1"},
		{"3", "12", "150", "3"},
		{"5", "13", "400", "1"},
		{"8", "14", "300", "1"},
		{"8", "15", "40", "2"},
		{"16", "16", "100", "1"},
	} {
		t.Run(k.ranks+" ranks, "+k.threads+" threads", func(t *testing.T) {
			if out, err := run(t, prefix+"/bin/rainrun", "-n", k.ranks, exe, k.seed, k.steps, k.threads); err != nil {
				t.Errorf("seed %s: %v\n%s", k.seed, err, out)
			}
		})
	}
}

// TestMixedWithSchedules: options that force algorithms leave nothing flat, at all ranks.
func TestMixedWithSchedules(t *testing.T) {
	exe := compile(t, "mixed.c")
	forced := "RAIN_COLL=barrier:dissemination,allreduce:recursive_doubling,bcast:binomial,alltoall:linear"
	if out, err := runIn(t, t.TempDir(), []string{forced}, prefix+"/bin/rainrun", "-n", "4", exe, "21", "300"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestMixedKilled kills a rank in the middle of a flat collective or a message: the job ends with it, and
// nobody is left waiting.
func TestMixedKilled(t *testing.T) {
	exe := compile(t, "mixed.c")
	for i := range 5 {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		script := `[ "$OMPI_COMM_WORLD_RANK" = 1 ] && { "$0" 31 100000000 & sleep ` + []string{"0.2", "0.3", "0.35", "0.4", "0.5"}[i] + `; kill -9 $!; wait $!; exit; }; exec "$0" 31 100000000`
		out, err := exec.CommandContext(ctx, prefix+"/bin/rainrun", "-n", "4", "bash", "-c", script, exe).CombinedOutput()
		if err == nil || ctx.Err() != nil || !strings.Contains(string(out), "rank 1") {
			t.Errorf("%v (%v)\n%s", err, ctx.Err(), out)
		}
		cancel()
	}
}

// TestTogether runs one job of ranks in C and in Go.
func TestTogether(t *testing.T) {
	exe := compile(t, "together.c")
	gorank := t.TempDir() + "/gorank"
	if out, err := runIn(t, ".", nil, "go", "build", "-o", gorank, "./testdata/gorank"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, ranks := range []string{"1", "2"} {
		must(t, prefix+"/bin/rainrun", "-n", ranks, exe, ":", "-n", "2", gorank)
	}
}
