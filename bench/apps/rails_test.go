package main

import (
	"strings"
	"testing"
	"time"

	"rainmpi/bench/lab"
)

// TestRails: a rail is cut within the longest time that both are whole (and what this machine takes for it),
// all are mended at the end, and a check that sent nothing over them has not passed.
func TestRails(t *testing.T) {
	l := lab.Start(t, lab.Config{})
	r, err := breakRails(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(mostWhole + 30*time.Second); !broken(t, l) && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	err = r.end()
	if r.cuts == 0 {
		t.Error("nothing was cut")
	}
	if err == nil || !strings.Contains(err.Error(), "rail1 carried nothing") || !strings.Contains(err.Error(), "rail2") {
		t.Errorf("a check that sent nothing: %v", err)
	}
	if broken(t, l) {
		t.Error("a rail is left broken")
	}
}

// broken reports whether a cable of the lab is not whole.
func broken(t *testing.T, l *lab.Lab) bool {
	t.Helper()
	st, err := l.Status()
	if err != nil {
		t.Fatal(err)
	}
	for _, rail := range st.Rails {
		for _, c := range rail.Cables {
			if c.State != "ok" {
				return true
			}
		}
	}
	return false
}
