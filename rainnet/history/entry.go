// Package history keeps what happens to paths, and proves or disproves that both ends of one saw
// the same.
//
// # The file
//
// A log is a file of lines, to which several processes of one host may append: each writes whole
// lines, those of its own ends. A process begins with a line that says who it is,
//
//	# rainnet history 1 17.9f8a12c4 slack 2 rank 0 on host a
//
// version of the format, end, N of the consistent-history protocol, and a name for people. Other
// lines that begin with # are comments. Each transition of a path is a line of nine fields and a
// text, with one blank between them:
//
//	2026-11-27T11:40:00.123456789Z 17.9f8a12c4 18.00aa11bb 0-1 3 up 10.77.1.1%rail1 10.77.2.2%rail2 it answers in both directions
//
//	time (UTC, RFC 3339)  this end  the other end  path  epoch  up or down  address and interface of this
//	end and of the other  cause, to the end of the line
//
// The path through the agent of a third host is called relay, and its other address names that agent.
//
// An end is a peer id and the first four bytes of its incarnation's salt, in hexadecimal digits. End,
// path and epoch are the same at both ends, so that two logs line up.
//
// # What is compared
//
// Epochs count the transitions of one path: odd ones are Up, even ones Down, and both ends use the
// same number for the same transition. Compare holds the logs to the promises of the protocol
// (rainnet/link): an end's epochs follow each other without a gap, and "neither side leads the other
// by more than N transitions", at the end of the logs and, whatever their clocks show, at every
// moment before.
package history

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rainmpi/rainnet/wire"
)

// An End is one incarnation of a peer.
type End struct {
	ID   wire.PeerID
	Life [4]byte // the first bytes of its salt
}

func (e End) String() string {
	return strconv.FormatUint(uint64(e.ID), 10) + "." + hex.EncodeToString(e.Life[:])
}

func parseEnd(s string) (e End, err error) {
	id, life, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(id, 10, 32)
	b, err2 := hex.DecodeString(life)
	if err != nil || err2 != nil || len(b) != len(e.Life) {
		return e, fmt.Errorf("%q is no end: it is a peer's number, a dot and eight hexadecimal digits", s)
	}
	return End{wire.PeerID(n), [4]byte(b)}, nil
}

// An Entry is one transition of a path, as one end saw it.
type Entry struct {
	At            time.Time // by the clock of this end's host
	Self, Peer    End
	Path          wire.PathID
	Epoch         uint32 // of the path, after the transition
	Up            bool
	Local, Remote string // address and interface, 10.77.1.1%rail1; for people
	Cause         string // for people
}

const (
	timeLayout = "2006-01-02T15:04:05.000000000Z"
	fields     = 9
)

// String is the entry's line of a log.
func (e Entry) String() string {
	state := "down"
	if e.Up {
		state = "up"
	}
	return fmt.Sprintf("%s %v %v %v %d %s %s %s %s", e.At.UTC().Format(timeLayout), e.Self, e.Peer, e.Path, e.Epoch,
		state, word(e.Local), word(e.Remote), strings.ReplaceAll(e.Cause, "\n", " "))
}

// word makes one field of an address and a name.
func word(s string) string {
	if s = strings.ReplaceAll(s, " ", "%"); s == "" {
		return "?"
	}
	return s
}

func parseEntry(line string) (e Entry, err error) {
	f := strings.SplitN(line, " ", fields)
	if len(f) < fields {
		return e, fmt.Errorf("%d fields of %d: the line is cut short or not of a log", len(f), fields)
	}
	if e.At, err = time.Parse(timeLayout, f[0]); err != nil {
		return e, fmt.Errorf("%q is no time such as %s", f[0], timeLayout)
	}
	if e.Self, err = parseEnd(f[1]); err != nil {
		return e, err
	}
	if e.Peer, err = parseEnd(f[2]); err != nil {
		return e, err
	}
	if e.Path, err = parsePath(f[3]); err != nil {
		return e, err
	}
	epoch, err := strconv.ParseUint(f[4], 10, 32)
	if err != nil || epoch == 0 {
		return e, fmt.Errorf("%q is no epoch: they count from 1", f[4])
	}
	if f[5] != "up" && f[5] != "down" {
		return e, fmt.Errorf("%q is no state: a path is up or down", f[5])
	}
	e.Epoch, e.Up, e.Local, e.Remote, e.Cause = uint32(epoch), f[5] == "up", f[6], f[7], f[8]
	return e, nil
}

func parsePath(s string) (wire.PathID, error) {
	if s == wire.Relayed.String() {
		return wire.Relayed, nil
	}
	lower, higher, _ := strings.Cut(s, "-")
	l, err := strconv.ParseUint(lower, 10, 8)
	h, err2 := strconv.ParseUint(higher, 10, 8)
	if err != nil || err2 != nil {
		return 0, fmt.Errorf("%q is no path: it is two numbers of addresses, such as 0-1, or %v", s, wire.Relayed)
	}
	return wire.PathID(l<<8 | h), nil
}
