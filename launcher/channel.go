package launcher

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
)

// The start channel begins, in both directions, with a preamble. What a login
// shell prints before it (a message of the day, an echo in .bashrc) is skipped.
// After it come frames: 'R', kind, two zero bytes, a 4-byte little-endian
// length, that many bytes.
const (
	preamble     = "\nrainrun start channel 1\n"
	maxPreface   = 64 << 10 // bytes of other output tolerated before the preamble
	frameHeader  = 8
	maxFrame     = 64 << 20 // a Start message of 100,000 ranks is about 10 MB
	maxQueued    = 1 << 20  // bytes of output queued before its producer waits
	frameMagic   = 'R'
	maxFrameKind = kindLast
)

// A frame is one message of the start channel.
type frame struct {
	kind byte
	body []byte
}

// decode fills v from the JSON body.
func (f frame) decode(v any) error {
	if err := json.Unmarshal(f.body, v); err != nil {
		return fmt.Errorf("start channel: frame of kind %d: %w", f.kind, err)
	}
	return nil
}

func appendFrame(b []byte, kind byte, body []byte) []byte {
	b = append(b, frameMagic, kind, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	return append(b, body...)
}

// A frameReader reads one direction of a start channel.
type frameReader struct{ r *bufio.Reader }

func newFrameReader(r io.Reader) *frameReader {
	return &frameReader{bufio.NewReaderSize(r, 64<<10)}
}

// preamble reads up to and including the preamble. On failure it returns what
// came instead, for the error message.
func (r *frameReader) preamble() (garbage []byte, err error) {
	var seen []byte
	for len(seen) < maxPreface {
		c, err := r.r.ReadByte()
		if err != nil {
			return seen, err
		}
		seen = append(seen, c)
		if c == '\n' && bytes.HasSuffix(seen, []byte(preamble)) {
			return nil, nil
		}
	}
	return seen, fmt.Errorf("%d bytes that are not from an agent", len(seen))
}

// next returns the next frame. io.EOF means that the other end is gone between
// two frames.
func (r *frameReader) next() (frame, error) {
	var h [frameHeader]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		return frame{}, err
	}
	kind, n := h[1], binary.LittleEndian.Uint32(h[4:])
	if h[0] != frameMagic || kind == 0 || kind >= maxFrameKind || h[2]|h[3] != 0 || n > maxFrame {
		return frame{}, fmt.Errorf("start channel: garbage %q", h)
	}
	body, err := readBody(r.r, int(n))
	if err != nil {
		// A killed agent leaves a torn frame; its guardian's goodbye comes
		// right behind it and is then the last thing in the channel.
		if f, ok := goodbyeAtEnd(body); ok {
			return f, nil
		}
		return frame{}, io.ErrUnexpectedEOF
	}
	return frame{kind, body}, nil
}

// readBody reads n bytes and allocates only what has really come.
func readBody(r io.Reader, n int) ([]byte, error) {
	if n <= 1<<20 {
		body := make([]byte, n)
		got, err := io.ReadFull(r, body)
		return body[:got], err
	}
	var b bytes.Buffer
	got, err := io.Copy(&b, io.LimitReader(r, int64(n)))
	if err == nil && got < int64(n) {
		err = io.ErrUnexpectedEOF
	}
	return b.Bytes(), err
}

func goodbyeAtEnd(b []byte) (frame, bool) {
	i := bytes.LastIndex(b, []byte{frameMagic, kindGoodbye, 0, 0})
	if i < 0 || len(b)-i < frameHeader {
		return frame{}, false
	}
	n := binary.LittleEndian.Uint32(b[i+4:])
	if int(n) != len(b)-i-frameHeader {
		return frame{}, false
	}
	return frame{kindGoodbye, b[i+frameHeader:]}, true
}

// A frameWriter writes one direction of a start channel from its own
// goroutine. Control frames never wait for output of the ranks: they overtake
// it, and queueing one never blocks.
type frameWriter struct {
	w io.Writer

	mu      sync.Mutex
	changed *sync.Cond
	urgent  []frame
	bulk    []frame
	queued  int  // bytes in bulk
	closing bool // no more frames are taken; what is queued still goes out
	err     error
	done    chan struct{} // closed when the goroutine has ended
}

func newFrameWriter(w io.Writer) *frameWriter {
	f := &frameWriter{w: w, done: make(chan struct{})}
	f.changed = sync.NewCond(&f.mu)
	go f.run()
	return f
}

// send queues a control message; v is encoded as JSON, nil as no body.
func (w *frameWriter) send(kind byte, v any) {
	w.sendFrame(encode(kind, v))
}

func encode(kind byte, v any) frame {
	if v == nil {
		return frame{kind: kind}
	}
	body, err := json.Marshal(v)
	if err != nil {
		panic("launcher: a message that cannot be encoded: " + err.Error())
	}
	return frame{kind, body}
}

func (w *frameWriter) sendFrame(f frame) {
	w.mu.Lock()
	if !w.closing && w.err == nil {
		w.urgent = append(w.urgent, f)
	}
	w.mu.Unlock()
	w.changed.Broadcast()
}

// sendBulk queues output and waits while too much of it is queued. It keeps
// body.
func (w *frameWriter) sendBulk(kind byte, body []byte) {
	w.mu.Lock()
	for w.queued > maxQueued && w.err == nil && !w.closing {
		w.changed.Wait()
	}
	if !w.closing && w.err == nil {
		w.bulk = append(w.bulk, frame{kind, body})
		w.queued += len(body)
	}
	w.mu.Unlock()
	w.changed.Broadcast()
}

// sendLast queues a control message behind all output queued so far.
func (w *frameWriter) sendLast(kind byte, v any) {
	w.sendBulk(kind, encode(kind, v).body)
}

// close lets the goroutine write what is queued and end.
func (w *frameWriter) close() {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.changed.Broadcast()
}

func (w *frameWriter) run() {
	defer close(w.done)
	batch := append(make([]byte, 0, 64<<10), preamble...)
	for {
		for len(batch) < 256<<10 {
			f, ok := w.take(len(batch) == 0)
			if !ok {
				break
			}
			batch = appendFrame(batch, f.kind, f.body)
		}
		if len(batch) == 0 {
			return
		}
		if _, err := w.w.Write(batch); err != nil {
			w.fail(err)
			return
		}
		batch = batch[:0]
	}
}

// take returns the next frame. With wait it waits for one, and false then says
// that the writer is closed and empty.
func (w *frameWriter) take(wait bool) (f frame, ok bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for wait && len(w.urgent) == 0 && len(w.bulk) == 0 && !w.closing {
		w.changed.Wait()
	}
	switch {
	case len(w.urgent) > 0:
		f, w.urgent = w.urgent[0], w.urgent[1:]
	case len(w.bulk) > 0:
		f, w.bulk = w.bulk[0], w.bulk[1:]
		w.queued -= len(f.body)
		w.changed.Broadcast()
	default:
		return frame{}, false
	}
	return f, true
}

// fail drops everything: the other end is gone, and nobody may wait for it.
func (w *frameWriter) fail(err error) {
	w.mu.Lock()
	w.err, w.urgent, w.bulk, w.queued = err, nil, nil, 0
	w.mu.Unlock()
	w.changed.Broadcast()
}

// printable shortens foreign output so that it fits into an error message.
func printable(b []byte) string {
	s := strings.TrimSpace(string(b))
	if len(s) > 2000 {
		s = s[:2000] + " …"
	}
	return s
}
