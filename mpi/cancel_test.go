package mpi

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// isend begins a send in a mode.
func isend(t *testing.T, c *Comm, mode Mode, data []int64, dest, tag int) *Request {
	r, err := c.IsendMode(mode, Slice(data), dest, tag)
	if err != nil {
		t.Error(err)
	}
	return r
}

// TestCancelSend: of two sends that wait for the same receive the first is taken back, and the receive
// gets the second one.
func TestCancelSend(t *testing.T) {
	for _, dest := range []int{0, 1} {
		for _, length := range []int{10, 100_000} {
			world(t, 2, func(c *Comm) {
				const tag = 3
				if c.Rank() == 0 {
					first, second := isend(t, c, Synchronous, numbers(length, 1), dest, tag), isend(t, c, Synchronous, numbers(length, 2), dest, tag)
					if dest == 1 {
						Recv(c, []int{0}, 1, 0) // it has seen them
					}
					if err := first.Cancel(); err != nil {
						t.Error(err)
					}
					st, err := first.Wait()
					if err != nil || !st.Cancelled() {
						t.Errorf("to %d, %d numbers: not cancelled: %+v, %v", dest, length, st, err)
					}
					defer func() {
						if st, err := second.Wait(); err != nil || st.Cancelled() {
							t.Errorf("the send that was received: %+v, %v", st, err)
						}
					}()
				} else if dest == 1 {
					for n := 0; n < 2; { // the cancelled one may be the first that it sees
						if _, err := c.Probe(0, tag); err != nil {
							t.Error(err)
						}
						c.e.step()
						n = c.e.space(c.ctx, 2).Arrived()
					}
					Send(c, []int{1}, 0, 0)
				}
				if c.Rank() == dest {
					got := make([]int64, length)
					if dest == 1 {
						for c.e.space(c.ctx, 2).Arrived() > 1 { // until it is taken back
							c.e.step()
						}
					}
					if _, err := Recv(c, got, 0, tag); err != nil || !slices.Equal(got, numbers(length, 2)) {
						t.Errorf("to %d: the wrong message, or %v", dest, err)
					}
				}
			})
		}
	}
}

// TestCancelMatched: what has been matched is received, also if it is only probed.
func TestCancelMatched(t *testing.T) {
	world(t, 2, func(c *Comm) {
		const length = 100_000
		if c.Rank() == 0 {
			r := isend(t, c, Standard, numbers(length, 1), 1, 3)
			Recv(c, []int{0}, 1, 0)
			if err := r.Cancel(); err != nil {
				t.Error(err)
			}
			Send(c, []int{0}, 1, 1)
			if st, err := r.Wait(); err != nil || st.Cancelled() {
				t.Errorf("a matched send: %+v, %v", st, err)
			}
			return
		}
		m, _, err := c.Mprobe(0, 3)
		if err != nil {
			t.Fatal(err)
		}
		Send(c, []int{0}, 0, 0)
		Recv(c, []int{0}, 0, 1) // behind the question
		got := make([]int64, length)
		if _, err := m.Recv(Slice(got)); err != nil || !slices.Equal(got, numbers(length, 1)) {
			t.Errorf("the message is wrong, or %v", err)
		}
	})
}

// TestCancelUnsent: what has found no room to leave is taken back by itself.
func TestCancelUnsent(t *testing.T) {
	world(t, 2, func(c *Comm) {
		if c.Rank() == 1 {
			Recv(c, []int{0}, 0, 9) // it looks at nothing before
			return
		}
		var rs []*Request
		for n := 0; len(rs) == 0 || rs[len(rs)-1].Done(); n++ {
			rs = append(rs, isend(t, c, Standard, numbers(500, n), 1, 3))
		}
		last := rs[len(rs)-1]
		if err := last.Cancel(); err != nil {
			t.Error(err)
		}
		if st, err := last.Wait(); err != nil || !st.Cancelled() {
			t.Errorf("%d sends found room; the next: %+v, %v", len(rs)-1, st, err)
		}
		Send(c, []int{0}, 1, 9)
	})
}

// cancelSome sends messages of all lengths and takes some back; the other rank receives whatever comes. A
// send is cancelled and never received, or received whole, in order.
func cancelSome(t testing.TB, c *Comm, seed uint64) {
	const many = 200
	random := rand.New(rand.NewPCG(seed, uint64(c.Rank())))
	lengths := []int{1, 100, 3000, 30_000}
	if c.Rank() == 0 {
		kept := []int64{}
		for n := range many {
			data := numbers(lengths[random.IntN(len(lengths))], n)
			r, err := c.IsendMode([]Mode{Standard, Synchronous}[random.IntN(2)], Slice(data), 1, 3)
			if err != nil {
				t.Fatal(err)
			}
			if random.IntN(2) == 0 {
				time.Sleep(time.Duration(random.IntN(200)) * time.Microsecond)
			}
			if random.IntN(3) > 0 {
				if err := r.Cancel(); err != nil {
					t.Fatal(err)
				}
			}
			st, err := r.Wait()
			if err != nil {
				t.Fatal(err)
			}
			if !st.Cancelled() {
				kept = append(kept, int64(n))
			}
		}
		if err := Send(c, kept, 1, 4); err != nil {
			t.Fatal(err)
		}
		return
	}
	var got []int64
	for {
		st, err := c.Probe(0, AnyTag)
		if err != nil {
			t.Fatal(err)
		}
		if random.IntN(2) == 0 {
			time.Sleep(time.Duration(random.IntN(200)) * time.Microsecond)
		}
		// What was probed may be gone by now, so a receive by its length may meet another one.
		m, st, ok, err := c.Improbe(0, AnyTag)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		data := make([]int64, st.Count(DatatypeOf[int64]()))
		if _, err := m.Recv(Slice(data)); err != nil {
			t.Fatal(err)
		}
		if st.Tag == 4 {
			if !slices.Equal(got, data) {
				t.Errorf("received %v, sent and not cancelled %v", got, data)
			}
			return
		}
		n := (data[0]) / 1_000_003
		if !slices.Equal(data, numbers(len(data), int(n))) {
			t.Errorf("message %d came damaged", n)
		}
		got = append(got, n)
	}
}

func TestCancelSome(t *testing.T) {
	for seed := range uint64(5) {
		world(t, 2, func(c *Comm) { cancelSome(t, c, seed) })
	}
}

// TestCancelShort: short sends, persistent and buffered ones, have ended as they left, and are taken back all the same,
// unless they have been matched.
func TestCancelShort(t *testing.T) {
	const tag = 3
	forms := map[string]func(c *Comm, b Buffer, dest int) (*Request, error){
		"isend":  func(c *Comm, b Buffer, dest int) (*Request, error) { return c.IsendMode(Standard, b, dest, tag) },
		"ibsend": func(c *Comm, b Buffer, dest int) (*Request, error) { return c.IsendMode(Buffered, b, dest, tag) },
		"start": func(c *Comm, b Buffer, dest int) (*Request, error) {
			r, err := c.SendInit(Standard, b, dest, tag)
			return r, cmp.Or(err, r.Start())
		},
		"start of a buffered one": func(c *Comm, b Buffer, dest int) (*Request, error) {
			r, err := c.SendInit(Buffered, b, dest, tag)
			return r, cmp.Or(err, r.Start())
		},
	}
	for name, begin := range forms {
		for _, length := range []int{0, 10, 100_000} {
			for _, dest := range []int{0, 1} {
				for _, late := range []bool{false, true} {
					if late && dest == 0 {
						continue
					}
					world(t, 2, func(c *Comm) {
						if c.Rank() == 1 {
							if dest == 1 {
								cancelledOrNot(t, c, name, length, late)
							}
							return
						}
						check(t, c.BsendBuffer().AttachAutomatic())
						r, err := begin(c, Slice(numbers(length, 1)), dest)
						check(t, err)
						if dest == 1 {
							Send(c, []int{1}, 1, 0) // behind it
							Recv(c, []int{0}, 1, 0) // it is matched by now, or not
						}
						check(t, r.Cancel())
						check(t, r.Cancel()) // nothing more
						if st, err := r.Wait(); err != nil || st.Cancelled() == late {
							t.Errorf("%s of %d numbers to %d, matched %v: %+v, %v", name, length, dest, late, st, err)
						}
						if _, ok, _ := c.Iprobe(0, tag); ok {
							t.Errorf("%s of %d numbers to myself was taken back, and is here", name, length)
						}
						_, err = c.BsendBuffer().Detach()
						check(t, err)
						if dest == 1 {
							Send(c, []int{1}, 1, 1)
						}
					})
				}
			}
		}
	}
}

// cancelledOrNot is the receiver of TestCancelShort's message: late receives it before it can be cancelled.
func cancelledOrNot(t *testing.T, c *Comm, name string, length int, late bool) {
	var m *Message
	var err error
	if late {
		m, _, err = c.Mprobe(0, 3)
		check(t, err)
	}
	Recv(c, []int{0}, 0, 0)
	Send(c, []int{1}, 0, 0)
	got := make([]int64, length)
	if late {
		_, err = m.Recv(Slice(got))
		check(t, err)
		if !slices.Equal(got, numbers(length, 1)) {
			t.Errorf("%s of %d numbers came wrong", name, length)
		}
	}
	Recv(c, []int{0}, 0, 1)
	if _, ok, _ := c.Iprobe(0, 3); ok {
		t.Errorf("%s of %d numbers was taken back, and is here", name, length)
	}
}
