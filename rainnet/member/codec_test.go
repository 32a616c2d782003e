package member

import (
	"bytes"
	"reflect"
	"testing"
)

// samples are one message of each kind.
func samples() (list []message) {
	s := Stamp{Ballot{3, Member{1, 1 << 40}}, 77}
	t := token{Stamp: s, slots: []slot{
		{Member: Member{0, 5}, named: true, acked: 9, have: 8},
		{Member: Member{1, 6}, out: true, dead: true, since: s, agree: 3, fails: 1},
	}}
	t.log.ballot = Ballot{2, Member{0, 5}}
	t.view = View{7, []Member{{0, 5}, {1, 6}}}
	t.commit, t.first = 8, 8
	t.entries = entries{
		{from: Member{1, 6}, number: 4, data: []byte("data")},
		{view: true, members: []Member{{0, 5}}},
	}
	for _, k := range []kind{kindAck, kindStale, kind911, kindGrant, kindDeny} {
		list = append(list, message{kind: k, inc: 5, stamp: s})
	}
	return append(list,
		message{kind: kindToken, inc: 5, stamp: s, token: t},
		message{kind: kindMerge, inc: 5, stamp: s, token: t},
		message{kind: kindBeacon, inc: 5, group: group{4, 2, s.Ballot}},
		message{kind: kindAnswer, inc: 5, group: group{4, 2, s.Ballot}},
		message{kind: kindGoodbye, inc: 5, who: Member{2, 9}})
}

func TestCodec(t *testing.T) {
	for _, m := range samples() {
		b := encode(nil, m)
		got, ok := decode(b)
		if !ok || !reflect.DeepEqual(got, m) {
			t.Errorf("kind %d: %+v reads back as %+v, %v", m.kind, m, got, ok)
		}
		for n := range b {
			if _, ok := decode(b[:n]); ok {
				t.Errorf("kind %d: %d of %d bytes are taken for a message", m.kind, n, len(b))
			}
		}
		if _, ok := decode(append(b, 0)); ok {
			t.Errorf("kind %d: a byte too many is taken", m.kind)
		}
	}
}

// FuzzDecode: what is read writes back to the same bytes.
func FuzzDecode(f *testing.F) {
	for _, m := range samples() {
		f.Add(encode(nil, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, ok := decode(b)
		if !ok {
			return
		}
		if again := encode(nil, m); !bytes.Equal(again, b) {
			t.Fatalf("%x reads as %+v, which writes as %x", b, m, again)
		}
	})
}

// FuzzRecv: no message of a member that lies breaks the machine.
func FuzzRecv(f *testing.F) {
	for _, m := range samples() {
		f.Add(encode(nil, m), encode(nil, m))
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		m := New(Config{Self: Member{1, 6}, Hosts: []ID{0, 1, 2}}, 0)
		now := int64(0)
		for _, msg := range [][]byte{a, b} {
			for from := range ID(3) {
				m.Recv(now, from, msg)
				for range 50 {
					now = max(now, min(m.Deadline(), 1<<50))
					m.Expire(now)
					for _, _, ok := m.NextMessage(); ok; _, _, ok = m.NextMessage() {
					}
					for _, ok := m.NextEvent(); ok; _, ok = m.NextEvent() {
					}
				}
			}
		}
	})
}
