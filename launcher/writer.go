package launcher

import (
	"io"
	"sync"
)

const (
	maxQueued  = 1 << 20 // bytes of output queued before its producer waits
	maxUnacked = 8 << 20 // bytes sent and not acknowledged before output waits
	maxBatch   = 256 << 10
)

// A frameWriter writes one direction of a start channel from its own
// goroutine. Control frames never wait for output of the ranks: they overtake
// it, and queueing one never blocks.
//
// An agent in a job on several hosts keeps what rainrun has not acknowledged.
// When the channel is lost, divert sends that again, and all that follows,
// another way. Frames are numbered from 0 in the order in which they leave.
type frameWriter struct {
	w    io.Writer
	keep bool

	mu      sync.Mutex
	changed *sync.Cond
	urgent  []frame
	bulk    []frame
	queued  int  // bytes in bulk
	closing bool // no more frames are taken; what is queued still goes out
	broken  bool // the channel cannot be written; divert is waited for
	dead    bool // the channel is lost and there is no other way

	next    uint64  // number of the next frame that leaves
	sent    []frame // not acknowledged; the newest is next-1 (with keep)
	unacked int     // bytes in sent
	way     uint64  // counts divert: the goroutine of an earlier way ends

	done chan struct{} // closed when all is written or dropped
	once sync.Once
}

func newFrameWriter(w io.Writer, keep bool) *frameWriter {
	f := &frameWriter{w: w, keep: keep, done: make(chan struct{})}
	f.changed = sync.NewCond(&f.mu)
	go f.runDirect()
	return f
}

// send queues a control message; v is encoded as JSON, nil as no body.
func (w *frameWriter) send(kind byte, v any) { w.sendFrame(encode(kind, v)) }

func (w *frameWriter) sendFrame(f frame) {
	w.mu.Lock()
	if !w.closing && !w.dead {
		w.urgent = append(w.urgent, f)
	}
	w.mu.Unlock()
	w.changed.Broadcast()
}

// sendBulk queues output and waits while too much of it is queued. It keeps
// body.
func (w *frameWriter) sendBulk(kind byte, body []byte) {
	w.mu.Lock()
	for w.queued > maxQueued && !w.dead && !w.closing {
		w.changed.Wait()
	}
	if !w.closing && !w.dead {
		w.bulk = append(w.bulk, frame{kind, body})
		w.queued += len(body)
	}
	w.mu.Unlock()
	w.changed.Broadcast()
}

// sendLast queues a control message behind all output queued so far.
func (w *frameWriter) sendLast(kind byte, v any) {
	w.mu.Lock()
	if !w.closing && !w.dead {
		w.bulk = append(w.bulk, encode(kind, v))
	}
	w.mu.Unlock()
	w.changed.Broadcast()
}

// acknowledged drops what has arrived: all frames with a lower number.
func (w *frameWriter) acknowledged(frames uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.sent) > 0 && w.next-uint64(len(w.sent)) < frames {
		w.unacked -= len(w.sent[0].body)
		w.sent = w.sent[1:]
	}
	w.changed.Broadcast()
}

// close lets the goroutine write what is queued and end. If the channel is
// broken and was not diverted there is nobody to write it.
func (w *frameWriter) close() {
	w.mu.Lock()
	w.closing = true
	hopeless := w.broken && w.way == 0
	w.mu.Unlock()
	w.changed.Broadcast()
	if hopeless {
		w.drop()
	}
}

// runDirect writes to the channel itself.
func (w *frameWriter) runDirect() {
	batch := append(make([]byte, 0, 64<<10), preamble...)
	for {
		for len(batch) < maxBatch {
			f, _, ok := w.take(0, len(batch) == 0)
			if !ok {
				break
			}
			batch = appendFrame(batch, f.kind, f.body)
		}
		if len(batch) == 0 {
			w.finish(0)
			return
		}
		batch = append(batch, '\n')
		if _, err := w.w.Write(batch); err != nil {
			w.lost()
			return
		}
		batch = batch[:0]
	}
}

// divert sends what is not acknowledged, and all that follows, by way of pass.
// The goroutine of the earlier way may hang in a Write for ever; it is left
// alone. pass is called from one goroutine and may block.
func (w *frameWriter) divert(pass func(seq uint64, f frame)) {
	w.mu.Lock()
	w.way++
	way, first := w.way, w.next-uint64(len(w.sent))
	again := append([]frame(nil), w.sent...)
	w.mu.Unlock()
	w.changed.Broadcast()
	go func() {
		for i, f := range again {
			pass(first+uint64(i), f)
		}
		for {
			f, seq, ok := w.take(way, true)
			if !ok {
				w.finish(way)
				return
			}
			pass(seq, f)
		}
	}()
}

// take returns the next frame for one way. With wait it waits for one, and
// false then says that this way has ended, or that all is written.
func (w *frameWriter) take(way uint64, wait bool) (f frame, seq uint64, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		switch {
		case w.way != way || w.dead:
			return frame{}, 0, false
		case len(w.urgent) > 0:
			f, w.urgent = w.urgent[0], w.urgent[1:]
		case len(w.bulk) > 0 && w.unacked < maxUnacked:
			f, w.bulk = w.bulk[0], w.bulk[1:]
			w.queued -= len(f.body)
			w.changed.Broadcast()
		case !wait, w.closing && len(w.bulk) == 0:
			return frame{}, 0, false
		default:
			w.changed.Wait()
			continue
		}
		seq = w.next
		w.next++
		if w.keep {
			w.sent = append(w.sent, f)
			w.unacked += len(f.body)
		}
		return f, seq, true
	}
}

// finish: this way has nothing more to write. done is closed only if it was
// not replaced.
func (w *frameWriter) finish(way uint64) {
	w.mu.Lock()
	last := w.way == way
	w.mu.Unlock()
	if last {
		w.once.Do(func() { close(w.done) })
	}
}

// lost: the channel cannot be written. What is queued waits for another way if
// there may be one.
func (w *frameWriter) lost() {
	w.mu.Lock()
	w.broken = true
	hopeless := w.way == 0 && (w.closing || !w.keep)
	w.mu.Unlock()
	if hopeless {
		w.drop()
	}
}

// drop gives up: there is no way, and nobody may wait for it.
func (w *frameWriter) drop() {
	w.mu.Lock()
	w.dead, w.urgent, w.bulk, w.queued, w.sent = true, nil, nil, 0, nil
	w.mu.Unlock()
	w.changed.Broadcast()
	w.once.Do(func() { close(w.done) })
}
