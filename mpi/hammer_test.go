package mpi_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"rainmpi/mpi"
)

// A hammer is one rank of many that hit each other's rings from all sides: every rank sends to every
// other messages of all lengths, takes some of them back, and receives from whoever comes, or from each
// in turn. What is received is compared byte by byte with what was sent and not cancelled.
type hammer struct {
	c      *mpi.Comm
	random *rand.Rand
	round  int

	posts [][]post // that are not sent yet, by destination
	kept  [][]byte // ids of those that were not taken back, by destination
	got   [][]byte // that have come, by source
	want  [][]byte // that the source says it has kept; nil: it has not said so yet
	open  []flight
	under int // sends under way

	cancelled int // sends, in all rounds
}

// A post is a message that is to be sent.
type post struct {
	id   int
	size int
	mode mpi.Mode
}

// A flight is a request under way: a receive, if dest is negative.
type flight struct {
	request      *mpi.Request
	data         []byte
	source, dest int
	id           int
	doomed       bool // it is to be cancelled
}

const (
	letterHead = 8           // bytes: id, source, round, size
	longest    = 150_000     // of data, more than the ring takes at once
	listID     = 255         // of the message that lists what was kept
	atOnce     = 8           // sends under way at a time
	listTag    = 9           // its tag
	tags       = listTag - 1 // the others' number
)

// lengths are of what fits into a line or two, of eager messages, and of those that are copied by both
// ends or fetched.
var lengths = []int{letterHead, 120, 4000, 16 << 10, 17 << 10, 70_000, longest}

func letter(id, source, round, size int) []byte {
	b := make([]byte, size)
	b[0], b[1] = byte(id), byte(source)
	binary.LittleEndian.PutUint16(b[2:], uint16(round))
	binary.LittleEndian.PutUint32(b[4:], uint32(size))
	for i := letterHead; i < size; i++ {
		b[i] = byte(i + i>>8*7 + id + source + round)
	}
	return b
}

// play is one round. All ranks of c call it atOnce, with the same seed and round.
func (h *hammer) play(c *mpi.Comm, seed uint64, round int) error {
	n, me := c.Size(), c.Rank()
	*h = hammer{c: c, cancelled: h.cancelled, round: round, random: rand.New(rand.NewPCG(seed, uint64(round*n+me))),
		posts: make([][]post, n), kept: make([][]byte, n), got: make([][]byte, n), want: make([][]byte, n)}
	h.want[me] = []byte{}
	for dest := range n {
		for id := range h.random.IntN(6) {
			if dest != me {
				size := lengths[h.random.IntN(len(lengths))]
				h.posts[dest] = append(h.posts[dest], post{id, letterHead + h.random.IntN(size-letterHead+1), []mpi.Mode{mpi.Standard, mpi.Synchronous}[h.random.IntN(2)]})
			}
		}
		if dest != me {
			h.posts[dest] = append(h.posts[dest], post{id: listID, size: letterHead})
		}
	}
	err := h.receiveAll(rand.New(rand.NewPCG(seed, uint64(round))).IntN(2) == 0)
	for err == nil && !h.over() {
		if err = h.send(); err == nil {
			err = h.wait()
		}
	}
	if err != nil {
		return err
	}
	for source := range n {
		slices.Sort(h.got[source])
		if !slices.Equal(h.got[source], h.want[source]) {
			return fmt.Errorf("round %d: of what rank %d sent %v came, and %v was not cancelled", round, source, h.got[source], h.want[source])
		}
	}
	return h.meet()
}

// over: all has been sent, and all that was kept has come.
func (h *hammer) over() bool {
	for i := range h.posts {
		if len(h.posts[i]) > 0 || h.want[i] == nil || len(h.got[i]) < len(h.want[i]) {
			return false
		}
	}
	return h.under == 0
}

// receiveAll posts the first receives: two for whoever comes, or one for each rank.
func (h *hammer) receiveAll(wild bool) error {
	if wild {
		return errors.Join(h.receive(mpi.AnySource), h.receive(mpi.AnySource))
	}
	for source := range h.c.Size() {
		if source != h.c.Rank() {
			if err := h.receive(source); err != nil {
				return err
			}
		}
	}
	return nil
}

func (h *hammer) receive(source int) error {
	data := make([]byte, longest)
	r, err := h.c.Irecv(mpi.Slice(data), source, mpi.AnyTag)
	if err == nil {
		h.open = append(h.open, flight{request: r, data: data, source: source, dest: -1})
	}
	return err
}

// send begins sends to ranks at random, as long as there may be more. The list goes last, when all that
// is in it has left.
func (h *hammer) send() error {
	for _, dest := range slices.Concat(h.random.Perm(len(h.posts)), h.random.Perm(len(h.posts))) {
		if h.under >= atOnce || len(h.posts[dest]) == 0 {
			continue
		}
		p := h.posts[dest][0]
		data, tag := letter(p.id, h.c.Rank(), h.round, p.size), h.random.IntN(tags)
		if p.id == listID {
			if slices.ContainsFunc(h.open, func(f flight) bool { return f.dest == dest }) {
				continue
			}
			data, tag = append(letter(p.id, h.c.Rank(), h.round, letterHead), h.kept[dest]...), listTag
		}
		r, err := h.c.IsendMode(p.mode, mpi.Slice(data), dest, tag)
		if err != nil {
			return err
		}
		h.posts[dest] = h.posts[dest][1:]
		h.open = append(h.open, flight{request: r, data: data, dest: dest, id: p.id, doomed: p.id != listID && h.random.IntN(3) == 0})
		h.under++
	}
	return nil
}

// wait cancels some of what is doomed and ends one request.
func (h *hammer) wait() error {
	rs := make([]*mpi.Request, len(h.open))
	for i := range h.open {
		f := &h.open[i]
		rs[i] = f.request
		if f.doomed && h.random.IntN(2) == 0 {
			f.doomed = false
			if err := f.request.Cancel(); err != nil {
				return err
			}
		}
	}
	i, status, err := mpi.Waitany(rs)
	f := h.open[i]
	if err != nil {
		if !errors.Is(err, mpi.ErrProcFailedPending) {
			h.open = slices.Delete(h.open, i, i+1)
		}
		return err
	}
	h.open = slices.Delete(h.open, i, i+1)
	if f.dest >= 0 {
		h.under--
		if status.Cancelled() {
			h.cancelled++
		} else if f.id != listID {
			h.kept[f.dest] = append(h.kept[f.dest], byte(f.id))
			slices.Sort(h.kept[f.dest])
		}
		return nil
	}
	if err := h.came(f.data[:status.Bytes()], status, f.source); err != nil {
		return err
	}
	return h.receive(f.source)
}

// came looks at a message.
func (h *hammer) came(b []byte, s mpi.Status, asked int) error {
	if len(b) < letterHead || asked != mpi.AnySource && s.Source != asked {
		return fmt.Errorf("round %d: %d bytes from rank %d for a receive from %d", h.round, len(b), s.Source, asked)
	}
	id := b[0]
	if id == listID && s.Tag == listTag && string(b[:letterHead]) == string(letter(listID, s.Source, h.round, letterHead)) {
		h.want[s.Source] = append([]byte{}, b[letterHead:]...)
		return nil
	}
	if s.Tag == listTag || string(b) != string(letter(int(id), s.Source, h.round, len(b))) {
		return fmt.Errorf("round %d: message %d of %d bytes with tag %d from rank %d came damaged", h.round, id, len(b), s.Tag, s.Source)
	}
	got := h.got[s.Source]
	if asked != mpi.AnySource && len(got) > 0 && got[len(got)-1] >= id {
		return fmt.Errorf("round %d: message %d of rank %d came after %v", h.round, id, s.Source, got)
	}
	h.got[s.Source] = append(got, id)
	return nil
}

// meet takes the receives back that nothing has come for, before anybody begins the next round, and adds
// up: the ranks meet in their slots.
func (h *hammer) meet() error {
	for len(h.open) > 0 {
		f := h.open[0]
		h.open = h.open[1:]
		if err := f.request.Cancel(); err != nil {
			return err
		}
		if s, err := f.request.Wait(); err != nil || !s.Cancelled() {
			return fmt.Errorf("round %d: a receive that nothing was sent for got %+v, %w", h.round, s, err)
		}
	}
	n := int64(h.c.Size())
	in, out := []int64{int64(h.c.Rank() + h.round)}, []int64{0}
	if err := mpi.Allreduce(h.c, in, out, mpi.Sum); err != nil {
		return err
	}
	if want := n*(n-1)/2 + n*int64(h.round); out[0] != want {
		return fmt.Errorf("round %d: the sum is %d, not %d", h.round, out[0], want)
	}
	return nil
}

// giveUp ends what is under way of a round that has failed, on a communicator that was revoked.
func (h *hammer) giveUp() {
	for _, f := range h.open {
		_, _ = f.request.Wait()
	}
	h.open = nil
}

// TestHammer: 2 to 16 ranks, which fetch large messages, or copy them by both ends.
func TestHammer(t *testing.T) {
	all := 160
	if testing.Short() {
		all = 32
	}
	for _, n := range []int{2, 3, 4, 8, 16} {
		for _, both := range []bool{false, true} {
			t.Run(fmt.Sprint(n, both), func(t *testing.T) {
				var cancelled atomic.Int64
				mpi.InProcess(t, n, func(c *mpi.Comm) {
					if both {
						c.CopyByBothEnds()
					}
					var h hammer
					for round := range all / n {
						if err := h.play(c, uint64(n), round); err != nil {
							panic(fmt.Sprintf("rank %d of %d: %v", c.Rank(), n, err)) // the others wait for it
						}
					}
					cancelled.Add(int64(h.cancelled))
				})
				if cancelled.Load() == 0 {
					t.Error("no send was cancelled")
				}
			})
		}
	}
}
