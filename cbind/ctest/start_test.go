package ctest

import (
	"sync"
	"testing"
)

// TestStart starts many processes that are hit by signals while Go's runtime starts, several at a time
// so that they are put off the processor at any moment. Before the first call blocked signals, one in
// fourteen died here.
func TestStart(t *testing.T) {
	exe := compile(t, "start.c")
	var runs sync.WaitGroup
	for range 4 {
		runs.Go(func() {
			for range 40 {
				if out, err := run(t, exe); err != nil {
					t.Errorf("%v\n%.2000s", err, out)
					return
				}
			}
		})
	}
	runs.Wait()
}
