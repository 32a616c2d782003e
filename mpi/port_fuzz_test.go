package mpi

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet"
)

// FuzzPort: the name of a port is one, or refused; and whoever connects to a port and does not know its key is refused,
// whatever it writes.
func FuzzPort(f *testing.F) {
	f.Add("rain:00112233445566778899aabbccddeeff:4000:10.0.0.1,::1", make([]byte, nonceSize))
	f.Add("rain:00112233445566778899aabbccddeeff:70000:", append(make([]byte, nonceSize), "\xff\xff\xff\xff"...))
	f.Add("rain:00:1:::1", []byte{})
	f.Add("rain:zz:1:x", append(binary.LittleEndian.AppendUint32(make([]byte, nonceSize), 16), make([]byte, 16)...))
	f.Fuzz(func(t *testing.T, name string, b []byte) {
		key, addrs, err := parsePort(name)
		if err == nil && (len(key) != portKeySize || len(addrs) == 0) {
			t.Fatalf("%q is a key of %d bytes at %v", name, len(key), addrs)
		}
		if err != nil && ClassOf(err) != ErrPort {
			t.Fatalf("%q: %v", name, err)
		}
		if len(b) > 64<<10 { // what a socket holds
			return
		}
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[1])
		if n, err := unix.Write(fds[1], b); err != nil && len(b) > 0 || n != len(b) {
			t.Fatal(n, err)
		}
		unix.Shutdown(fds[1], unix.SHUT_WR)
		if l, err := greet(fds[0], make([]byte, portKeySize), false); err == nil {
			l.close()
			t.Fatalf("%x is let in", b)
		}
	})
}

// FuzzMeeting: what the other side tells of its processes, who they are and how they are reached, is taken or refused.
func FuzzMeeting(f *testing.F) {
	card, err := rainnet.Card{ID: 5, Addrs: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:9")}, Rails: []rainnet.Rail{{MTU: 1472, Name: "lo"}}}.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	secret, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	text, err := json.Marshal(meeting{16, []passport{{ID: 5, Job: "another", Public: secret.PublicKey().Bytes(), Rails: card}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"Passports":[{"ID":1,"Place":"x","Loop":"AA=="},{"ID":0}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		v := newVictim(t, true)
		defer v.close()
		v.e.net.rails, v.e.self.job, v.e.self.secret = outlives.rails, "this", secret
		var m meeting
		if json.Unmarshal(b, &m) != nil {
			return
		}
		before := len(v.e.procs)
		at, err := v.e.learn(m.Passports)
		for _, p := range v.e.procs[before:] {
			defer outlives.rails.RemovePeer(p.peer)
		}
		if err == nil && len(at) != len(m.Passports) || len(v.e.procs)-before > len(m.Passports) {
			t.Fatalf("%s: %d of %d are known", b, len(v.e.procs)-before, len(m.Passports))
		}
		if e := (*Error)(nil); err != nil && !errors.As(err, &e) {
			t.Fatalf("%s: %v, of no class", b, err)
		}
	})
}
