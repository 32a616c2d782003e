//go:build race

package mpi

import "sync/atomic"

// A lockTrace stands for the lock before the race detector, which does not see the
// word: it follows accesses to Go's own memory only.
type lockTrace struct{ holders atomic.Uint32 }

func (t *lockTrace) taken()   { t.holders.Load() }
func (t *lockTrace) givenUp() { t.holders.Add(1) }
