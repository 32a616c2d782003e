package boot

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// FuzzRecv: whatever stands in the socket, from whoever has found it, is a message, or an error, or the end. What is
// taken for a message is one: it is sent and read again as the same.
func FuzzRecv(f *testing.F) {
	frame := func(body string) []byte {
		return append(binary.LittleEndian.AppendUint32(nil, uint32(len(body))), body...)
	}
	for _, m := range []Message{
		{Hello: &Hello{World: 1, Rank: 3, Pid: 7}},
		{Welcome: &Welcome{Job: "j", Key: make([]byte, 32), Size: 2, Hosts: []string{"a"}, HostOf: []int{0, 0}, Options: map[string]string{"eager": "1"}}},
		{Cards: &Cards{Cards: [][]byte{{1}, nil}, Agents: [][]byte{{2}}}},
		{Spawn: &Spawn{Programs: []Program{{Argv: []string{"x"}, Counts: []int{2}}}, Parent: Parent{Context: 5, Passports: []byte(`[{}]`)}}},
		{Spawned: &Spawned{Counts: []int{1}, Passports: []json.RawMessage{[]byte(`null`)}}},
		{Named: &Named{Seq: 1, Found: true, Port: "rain:"}},
	} {
		body, err := json.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append(frame(string(body)), frame(string(body))...), uint8(len(body)))
	}
	f.Add(frame(`{"Hello":{"Rank":1},"Abort":null}`), uint8(0))
	f.Add([]byte("GET / HTTP/1.1\r\n"), uint8(1))
	f.Add([]byte("\x05\x00\x00\x00{}"), uint8(9))
	null, err := os.Open(os.DevNull)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte, descriptors uint8) {
		if len(b) > 64<<10 { // what a socket holds of what nobody reads yet
			return
		}
		rank, agent, err := Pair()
		if err != nil {
			t.Fatal(err)
		}
		defer agent.Close()
		defer rank.Close()
		var rights []byte
		sent := int(descriptors % 9)
		for range sent {
			rights = append(rights, unix.UnixRights(int(null.Fd()))...)
		}
		if n, err := unix.SendmsgN(rank.fd, b, rights, nil, 0); err != nil || n != len(b) {
			t.Fatal(n, err)
		}
		unix.Shutdown(rank.fd, unix.SHUT_WR)
		for left := len(b); ; {
			m, err := agent.Recv()
			if err != nil {
				refused(t, err, b[len(b)-left:])
				break
			}
			if left -= 4; left < 2 {
				t.Fatalf("%d bytes give %+v", len(b), m)
			}
			left -= int(binary.LittleEndian.Uint32(b[len(b)-left-4:]))
			same(t, m)
		}
		for n := 0; ; n++ {
			fd := agent.FD()
			if fd < 0 {
				break
			}
			if unix.Close(fd) != nil || n >= sent {
				t.Fatalf("descriptor %d of %d is none", n, sent)
			}
		}
	})
}

// refused wants the right error for what stands in the socket.
func refused(t *testing.T, err error, b []byte) {
	t.Helper()
	want := io.EOF.Error()
	if len(b) >= 4 {
		switch n := int(binary.LittleEndian.Uint32(b)); {
		case n > maxMessage:
			want = "the other end is no agent and no rank of rainmpi"
		case n > len(b)-4:
			want = io.ErrUnexpectedEOF.Error()
		default:
			want = "a message that is no JSON"
		}
	}
	if !strings.Contains(err.Error(), want) {
		t.Fatalf("%.100x: %v, want %s", b, err, want)
	}
}

// same sends a message and wants it back.
func same(t *testing.T, m Message) {
	t.Helper()
	rank, agent, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	defer rank.Close()
	sent := make(chan error, 1)
	go func() { sent <- rank.Send(m) }()
	got, err := agent.Recv()
	if serr := <-sent; err != nil || serr != nil {
		t.Fatalf("%+v, which was received, cannot be sent: %v, %v", m, serr, err)
	}
	before, err1 := json.Marshal(m)
	after, err2 := json.Marshal(got)
	if err1 != nil || err2 != nil || string(before) != string(after) {
		t.Fatalf("%s is received as %s", before, after)
	}
}
