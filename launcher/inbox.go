package launcher

import (
	"encoding/binary"
	"errors"
	"sync"
)

// An inbox puts the frames of one agent in order. They come on its own start
// channel and, when that is lost, through other agents; then some come twice.
// Frames are counted from 0 in the order in which the agent wrote them.
type inbox struct {
	mu   sync.Mutex
	next uint64 // number of the next frame
}

// ackEvery: the agent keeps what is not acknowledged, to send it again.
const ackEvery = 32

// receive takes the next frame of r's own channel. Output is printed here, on
// the reader's goroutine: when standard output blocks, so does the rank that
// writes, and the job's own goroutine stays free to end it all.
func (j *job) receive(r *remote, f frame) {
	if f.kind == kindGoodbye { // the guardian's, which does not count
		j.events <- remoteFrame{r, f}
		return
	}
	seq := r.direct
	r.direct++
	j.deliver(r, seq, f)
}

// receiveRelayed takes a frame that via has passed on for another agent.
func (j *job) receiveRelayed(via *remote, b []byte) {
	host, seq, f, err := unpackRelayed(b)
	if err != nil || host < 0 || host >= len(j.remotes) || f.kind == kindRelayed {
		return
	}
	j.relays.Store(host, via)
	j.deliver(j.remotes[host], seq, f)
}

func (j *job) deliver(r *remote, seq uint64, f frame) {
	r.inbox.mu.Lock()
	defer r.inbox.mu.Unlock()
	if seq != r.inbox.next { // seen before: the agent sends again what may be lost
		return
	}
	r.inbox.next++
	switch f.kind {
	case kindOut:
		j.printOut(f.body)
	case kindRelayed:
		j.receiveRelayed(r, f.body)
	default:
		j.events <- remoteFrame{r, f}
	}
	if j.multi && r.inbox.next%ackEvery == 0 {
		j.sendTo(r, kindReceived, Received{Frames: r.inbox.next})
	}
}

// packRelayed makes the body of a kindRelayed frame: the host whose agent it is
// from or for, the frame's number, its kind, its body.
func packRelayed(host int, seq uint64, f frame) []byte {
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, 13+len(f.body)), uint32(host))
	b = binary.LittleEndian.AppendUint64(b, seq)
	return append(append(b, f.kind), f.body...)
}

func unpackRelayed(b []byte) (host int, seq uint64, f frame, err error) {
	if len(b) < 13 {
		return 0, 0, f, errors.New("start channel: a relayed frame without a head")
	}
	f = frame{b[12], b[13:]}
	return int(binary.LittleEndian.Uint32(b)), binary.LittleEndian.Uint64(b[4:]), f, nil
}
