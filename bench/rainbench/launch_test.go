package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rainmpi/bench"
	"rainmpi/bench/cluster"
	"rainmpi/bench/lab"
)

// Start and memory are measured on this host and over a real ssh, and written down.
func TestLaunch(t *testing.T) {
	if _, err := os.Stat("../../build/bin/mpicc"); err != nil {
		t.Fatal("run make build first: ", err)
	}
	file := filepath.Join(t.TempDir(), "rows")
	args := []string{"launch", "--peers", "rainmpi", "-n", "2,3", "--runs", "2", "--prefix", "../../build", "--src", "../c", "--json", file}
	places := 3
	l := lab.Start(t, lab.Config{Hosts: 1, Rails: 1})
	if _, err := cluster.NewSSH(l); err != nil {
		t.Log("on this host alone: ", err)
		args, places = append(args, "--ssh-ranks", "0"), 2
	} else {
		args = append(args, "--ssh-ranks", "4", "--hosts", "2")
	}
	l.Close()
	out, errs, status := run(t, args...)
	if status != 0 {
		t.Fatalf("status %d: %s", status, errs)
	}
	var got []Launched
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || len(got) != places {
		t.Fatalf("%d places of %d: %v: %s", len(got), places, err, text)
	}
	for i, place := range got {
		if !strings.Contains(out, place.Where) || strings.Contains(place.Where, "started by ssh") != (i == 2) {
			t.Errorf("place %d is %q", i, place.Where)
		}
		for n, test := range []string{"hello", "peak", "pss"} {
			r := place.Rows[n]
			if r.Test != test || r.Ranks != []int{2, 3, 4}[i] || len(r.Values[bench.RainMPI]) != 2 || r.Median[bench.RainMPI] <= 0 {
				t.Errorf("%s: %+v", place.Where, r)
			}
		}
		if peak, pss := place.Rows[1].Median[bench.RainMPI], place.Rows[2].Median[bench.RainMPI]; pss > peak || peak > 1<<20 {
			t.Errorf("%s: a rank had %g KiB at most, and has %g", place.Where, peak, pss)
		}
	}
}
