package mpi

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/mpi/internal/shm"
)

// world runs body as n ranks of one host inside this process: n engines that
// share a memory segment, as processes would.
func world(t testing.TB, n int, body func(c *Comm)) {
	t.Helper()
	fd, err := unix.MemfdCreate("mpi-test", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	var wg sync.WaitGroup
	for rank := range n {
		c := testRank(t, fd, n, rank)
		wg.Add(1)
		go func() {
			defer wg.Done()
			body(c)
			if err := c.Barrier(); err != nil {
				t.Error(err)
			}
			c.e.until(c.e.drained)
		}()
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(3 * time.Minute):
		panic(fmt.Sprintf("%s: %d ranks hang", t.Name(), n))
	}
}

func testRank(t testing.TB, fd, n, rank int) *Comm {
	e, err := bareEngine(defaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	e.rank, e.hosts = rank, []string{"test"}
	e.wait.set.Spins, e.wait.set.Yields = 0, 5
	for r := range n {
		e.procs = append(e.procs, &proc{index: r, id: e.self.id(r), local: r})
	}
	seg, err := shm.Map(fd, n, rank)
	if err != nil {
		t.Fatal(err)
	}
	e.wait.set.watch(seg.Control(rank))
	if e.mem, err = newMemory(seg, e.wait); err != nil {
		t.Fatal(err)
	}
	for _, p := range e.procs {
		if p.index != rank {
			e.mem.add(e, p)
		}
	}
	return e.newWorld()
}
