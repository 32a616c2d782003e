package mpi

import (
	"testing"

	"rainmpi/mpi/internal/dtype"
	"rainmpi/rainnet"
)

// TestGoodbye: what was sent to a process of another world that has closed is acknowledged by nobody any more, and is not
// waited for, neither by MPI_Win_free nor by MPI_Finalize.
func TestGoodbye(t *testing.T) {
	world(t, 1, func(c *Comm) {
		e, w := c.e, &Win{e: c.e}
		e.mu.Lock()
		defer e.mu.Unlock()
		gone, other := &proc{foreign: &foreign{}}, &proc{foreign: &foreign{}}
		n := &net{e: e, bulks: map[bulk]*Request{}}
		given := e.newRMA(vec{t: dtype.Byte.Type()})
		given.detached, given.rma.lender = true, w
		n.bulks[bulk{gone, 1}], n.bulks[bulk{other, 1}] = given, e.newRequest(sendRequest)
		lent := n.lent(w)
		if len(lent) != 1 || !n.sending(lent[0]) {
			t.Fatalf("%d things of the window are given", len(lent))
		}
		n.Path(&rainnet.Peer{User: gone}, rainnet.PathEvent{Kind: rainnet.Closed})
		if n.sending(lent[0]) {
			t.Error("memory of a window is lent to a process that has closed")
		}
		if !n.sending(bulk{other, 1}) {
			t.Error("what was sent to another process has ended")
		}
	})
}
