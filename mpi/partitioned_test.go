package mpi

import (
	"testing"
)

// The two sides cut the same message into different numbers of partitions, the
// parts become ready out of order, and each round has other data.
func TestPartitioned(t *testing.T) {
	for _, k := range []struct{ send, recv, count int }{{1, 1, 8}, {8, 2, 64}, {2, 8, 64}, {6, 4, 48}, {4, 4, 1 << 16}} {
		world(t, 2, func(c *Comm) {
			data := make([]int32, k.count)
			parts, each := k.send, k.count/k.send
			init := c.PsendInit
			if c.Rank() == 1 {
				parts, each, init = k.recv, k.count/k.recv, c.PrecvInit
			}
			b := Slice(data)
			b.Count = each
			r, err := init(b, parts, 1-c.Rank(), 3)
			if check(t, err); err != nil {
				return
			}
			for round := range 3 {
				partRound(t, c, r, data, parts, round)
			}
			check(t, r.Free())
		})
	}
}

func partRound(t *testing.T, c *Comm, r *Request, data []int32, parts, round int) {
	if c.Rank() == 1 {
		clear(data)
	}
	check(t, r.Start())
	if c.Rank() == 0 {
		for i := range data {
			data[i] = int32(1000*round + i)
		}
		for i := range parts {
			check(t, r.Pready(parts-1-i))
		}
		if err := r.Pready(0); ClassOf(err) != ErrArg {
			t.Errorf("a partition that is ready twice: %v", err)
		}
	}
	for i := 0; c.Rank() == 1 && i < parts; i++ {
		c.e.until(func() bool { ok, err := r.Parrived(i); check(t, err); return ok })
		for j := i * len(data) / parts; j < (i+1)*len(data)/parts; j++ {
			if data[j] != int32(1000*round+j) {
				t.Fatalf("round %d, element %d is %d after partition %d arrived", round, j, data[j], i)
			}
		}
	}
	s, err := r.Wait()
	check(t, err)
	if c.Rank() == 1 && (s.Bytes() != int64(4*len(data)) || s.Source != 0 || s.Tag != 3) {
		t.Errorf("status %+v", s)
	}
}

// The receiver's datatype has holes, and the sender's partitions end inside its
// elements.
func TestPartitionedIntoHoles(t *testing.T) {
	world(t, 2, func(c *Comm) {
		pairs, err := NewVector(2, 1, 2, DatatypeOf[int32]())
		check(t, err)
		check(t, pairs.Commit())
		data := make([]int32, 16)
		var r *Request
		if c.Rank() == 0 {
			for i := range 8 {
				data[i] = int32(i + 1)
			}
			r, err = c.PsendInit(Slice(data[:1]), 8, 1, 0)
		} else {
			b := Slice(data)
			b.Count, b.Type = 4, pairs
			r, err = c.PrecvInit(b, 1, 0, 0)
		}
		check(t, err)
		check(t, r.Start())
		if c.Rank() == 0 {
			check(t, r.PreadyRange(4, 7))
			check(t, r.PreadyList([]int{2, 0, 3, 1}))
		}
		_, err = r.Wait()
		check(t, err)
		if c.Rank() == 1 {
			want := []int32{1, 0, 2, 3, 0, 4, 5, 0, 6, 7, 0, 8, 0, 0, 0, 0}
			for i := range want {
				if data[i] != want[i] {
					t.Fatalf("received %v, want %v", data, want)
				}
			}
		}
	})
}

// Two pairs with one envelope meet in the order of their making; a message that
// is longer than the buffer is an error of the receiver.
func TestPartitionedOrderAndTruncation(t *testing.T) {
	world(t, 2, func(c *Comm) {
		first, second := []int64{0}, make([]int64, 2)
		if c.Rank() == 0 {
			first[0], second[0] = 1, 2
		}
		init := func(s []int64, parts int) *Request {
			make, peer := c.PsendInit, 1
			if c.Rank() == 1 {
				make, peer = c.PrecvInit, 0
			}
			r, err := make(Slice(s), parts, peer, 0)
			check(t, err)
			return r
		}
		a := init(first, 1)
		b := init(second[:2-c.Rank()], 1)
		check(t, Startall([]*Request{b, a}))
		if c.Rank() == 0 {
			check(t, b.Pready(0))
			check(t, a.Pready(0))
		}
		_, err := b.Wait()
		if c.Rank() == 1 && ClassOf(err) != ErrTruncate {
			t.Errorf("two elements for one: %v", err)
		}
		_, err = a.Wait()
		check(t, err)
		if first[0] != 1 {
			t.Errorf("the first pair got %d", first[0])
		}
	})
}
