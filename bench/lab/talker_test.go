package lab

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"rainmpi/rainnet"
	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// talker ID prints the card of an endpoint on all of its host's cards, reads that of
// another, talks to it at 4 MB/s, and tells of the paths every 50 ms, until
// standard input ends.
func talker(args []string) error {
	id, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	t := &talk{}
	if t.e, err = rainnet.Open(rainnet.Config{ID: wire.PeerID(id), Key: []byte("the key of the wiring tests ...."),
		PortLow: 47001, PortHigh: 47009, // the same at both ends, as a firewall wants it
		Link: link.Config{MinTimeout: 300e6}}, t); err != nil {
		return err
	}
	defer t.e.Close()
	card, err := t.e.Card().MarshalBinary()
	if err != nil {
		return err
	}
	fmt.Println(hex.EncodeToString(card))
	in := bufio.NewScanner(os.Stdin)
	if !in.Scan() {
		return errors.New("no card of the other")
	}
	b, err := hex.DecodeString(in.Text())
	if err != nil {
		return err
	}
	var other rainnet.Card
	if err := other.UnmarshalBinary(b); err != nil {
		return err
	}
	end := make(chan bool)
	go func() {
		in.Scan()
		close(end)
	}()
	p, err := t.e.AddPeer(other)
	if err != nil {
		return err
	}
	t.talk(p, other, end)
	return nil
}

// A talk is one end of a conversation.
type talk struct {
	e    *rainnet.Endpoint
	came int64 // bytes
}

func (t *talk) talk(p *rainnet.Peer, other rainnet.Card, end <-chan bool) {
	message := make([]byte, 8<<10)
	next := rainnet.Now() // to tell of the paths
	send := next
	for {
		select {
		case <-end:
			return
		default:
		}
		now := rainnet.Now()
		if now >= send && p.Backlog() < 1<<18 {
			p.Send(message, nil)
			send = now + 2e6
		}
		if now >= next {
			next = now + 50e6
			t.tell(p, other)
		}
		if !t.e.Poll() {
			t.e.Wait(min(next, send))
		}
	}
}

// A said is one line of a talker.
type said struct {
	Came int64 // bytes of messages
	Own  int64 // packets of its own that came back to it
	Up   []pathSaid

	turns int // the how manieth line: its clock, which stands where it does not get the processor
}

// A pathSaid is a path that is up, by address.
type pathSaid struct {
	Local, Remote string
	Active        bool
}

func (t *talk) tell(p *rainnet.Peer, other rainnet.Card) {
	s := said{Came: t.came, Own: t.e.Stats().Own}
	for _, info := range p.Paths() {
		if !info.Up {
			continue
		}
		mine, theirs := info.ID.Addrs(t.e.Card().ID, other.ID)
		s.Up = append(s.Up, pathSaid{t.e.Card().Addrs[mine].Addr().String(), other.Addrs[theirs].Addr().String(), info.Active})
	}
	line, _ := json.Marshal(s)
	fmt.Println(string(line))
}

func (t *talk) Message(_ *rainnet.Peer, data []byte)       { t.came += int64(len(data)) }
func (t *talk) BulkSent(*rainnet.Peer, uint64)             {}
func (t *talk) BulkDone(*rainnet.Peer, uint64)             {}
func (t *talk) Path(_ *rainnet.Peer, ev rainnet.PathEvent) { fmt.Fprintln(os.Stderr, os.Args[2], ev) }
func (t *talk) Room(*rainnet.Peer)                         {}

// A talking host is a talker as the test sees it.
type talking struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	turns int
	card  string
	meet  func(card string)
}

// startTalker starts one on a host.
func startTalker(t *testing.T, h *Host, id int) *talking {
	t.Helper()
	cmd := h.Command(self(t), "talker", strconv.Itoa(id))
	cmd.Stderr = os.Stderr
	if !testing.Verbose() {
		cmd.Stderr = nil
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	w := &talking{cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(func() {
		in.Close()
		for w.lines.Scan() {
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("talker on %s: %v", h.Name, err)
		}
	})
	if !w.lines.Scan() {
		t.Fatalf("the talker on %s tells no card", h.Name)
	}
	w.card = w.lines.Text()
	w.meet = func(card string) { fmt.Fprintln(in, card) }
	return w
}

// next is the next line, of a talker that lives.
func (w *talking) next(t *testing.T) (s said) {
	t.Helper()
	if !w.lines.Scan() {
		t.Fatal("a talker has ended")
	}
	if err := json.Unmarshal(w.lines.Bytes(), &s); err != nil {
		t.Fatalf("%v: %s", err, w.lines.Text())
	}
	w.turns++
	s.turns = w.turns
	return s
}

// talkOf starts talkers on the first and the last host, and returns what both say
// when it has been as it should be for half a second.
func talkOf(t *testing.T, l *Lab, good func(said) string) (a, b said) {
	t.Helper()
	x, y := startTalker(t, l.Hosts[0], 1), startTalker(t, l.Hosts[len(l.Hosts)-1], 2)
	x.meet(y.card)
	y.meet(x.card)
	var since time.Time
	for end := time.Now().Add(20 * time.Second); ; {
		a, b = x.next(t), y.next(t)
		wrong := good(a) + good(b)
		switch now := time.Now(); {
		case wrong != "" && now.After(end):
			t.Errorf("after 20 s: %s", wrong)
			return a, b
		case wrong != "":
			since = time.Time{}
		case since.IsZero():
			since = now
		case now.Sub(since) > 500*time.Millisecond:
			return a, b
		}
	}
}
