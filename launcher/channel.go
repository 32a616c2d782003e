package launcher

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
)

// The start channel begins, in both directions, with a preamble. What a login
// shell prints before it (a message of the day, an echo in .bashrc) is skipped.
// After it come frames: 'R', kind, two zero bytes, a 4-byte little-endian
// length, that many bytes, and a CRC-32 of all of that. The sum is not for the
// pipe's sake: a killed agent leaves a torn frame, and what its guardian writes
// behind it must not complete it. What is written in one piece ends with a
// newline, which belongs to no frame: srun passes on whole lines only.
const (
	preamble     = "\nrainrun start channel 1\n"
	maxPreface   = 64 << 10 // bytes of other output tolerated before the preamble
	frameHeader  = 8
	frameTrailer = 4
	maxFrame     = 64 << 20 // a Start message of 100,000 ranks is about 10 MB
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

// encode makes a frame of a message; nil has no body.
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

func appendFrame(b []byte, kind byte, body []byte) []byte {
	start := len(b)
	b = append(b, frameMagic, kind, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
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
	for {
		c, err := r.r.ReadByte()
		if err != nil {
			return frame{}, err
		}
		if c != '\n' {
			_ = r.r.UnreadByte()
			break
		}
	}
	var h [frameHeader]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		return frame{}, err
	}
	kind, n := h[1], binary.LittleEndian.Uint32(h[4:])
	if h[0] != frameMagic || kind == 0 || kind >= maxFrameKind || h[2]|h[3] != 0 || n > maxFrame {
		return frame{}, fmt.Errorf("start channel: garbage %q", h)
	}
	b, err := readBody(r.r, int(n)+frameTrailer)
	body := b[:min(len(b), int(n))]
	if err != nil || binary.LittleEndian.Uint32(b[n:]) != crc32.Update(crc32.ChecksumIEEE(h[:]), crc32.IEEETable, body) {
		rest, _ := io.ReadAll(io.LimitReader(r.r, 64<<10))
		if f, ok := goodbyeAtEnd(append(b, rest...)); ok {
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

// goodbyeAtEnd finds the guardian's frame, which is the last in the channel.
func goodbyeAtEnd(b []byte) (frame, bool) {
	i := bytes.LastIndex(b, []byte{frameMagic, kindGoodbye, 0, 0})
	if i < 0 || len(b)-i < frameHeader+frameTrailer {
		return frame{}, false
	}
	b = b[i:]
	for _, b := range [][]byte{b, b[:len(b)-1]} { // without and with a newline behind it
		if len(b) < frameHeader+frameTrailer {
			break
		}
		body := b[frameHeader : len(b)-frameTrailer]
		if bytes.Equal(b, appendFrame(nil, kindGoodbye, body)) {
			return frame{kindGoodbye, body}, true
		}
	}
	return frame{}, false
}

// printable is foreign output for an error message. What matters may stand at its end,
// behind a banner.
func printable(b []byte) string { return strings.TrimSpace(string(b)) }
