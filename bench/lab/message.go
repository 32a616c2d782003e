package lab

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// maxMessage bounds one message: an environment may be as large as ARG_MAX.
const maxMessage = 8 << 20

// writeMessage sends v as JSON behind its length in 4 bytes, big-endian.
func writeMessage(w io.Writer, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	buf := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	_, err = w.Write(append(buf, body...))
	return err
}

func readMessage(r io.Reader, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxMessage {
		return fmt.Errorf("lab: message of %d bytes, more than %d", n, maxMessage)
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}

// A verdict is what a keeper or host init says once it stands, and the answer to
// every control request.
type verdict struct {
	Error     string  `json:",omitempty"`
	Forbidden bool    `json:",omitempty"` // the error is ErrForbidden
	Status    *Status `json:",omitempty"`
}

func (v verdict) err() error {
	switch {
	case v.Error == "":
		return nil
	case v.Forbidden:
		return fmt.Errorf("%w: %s", ErrForbidden, v.Error)
	}
	return fmt.Errorf("%s", v.Error)
}
