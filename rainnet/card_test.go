package rainnet

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"rainmpi/rainnet/wire"
)

func itoa(i int) string { return strconv.Itoa(i) }

func testCard() Card {
	return Card{ID: wire.AgentBase + 7, Salt: [16]byte{1, 2, 3}, Addrs: []netip.AddrPort{
		netip.MustParseAddrPort("10.0.0.1:4000"), netip.MustParseAddrPort("[fd00::1]:4001"),
	}, Rails: []Rail{{NIC: 0, MTU: 1472, Name: "eth0"}, {NIC: 0, MTU: 1452, Name: "eth0"}}}
}

func TestCard(t *testing.T) {
	want := testCard()
	b, err := want.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var got Card
	if err := got.UnmarshalBinary(b); err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v; want %+v", got, err, want)
	}
	for n := range b {
		if got.UnmarshalBinary(b[:n]) == nil {
			t.Fatalf("cut to %d bytes, and accepted", n)
		}
	}
	if got.UnmarshalBinary(append(b, 0)) == nil {
		t.Fatal("one byte too long, and accepted")
	}
}

// TestCardOfNobody: an address that no host has, or that many have, is sent nothing.
func TestCardOfNobody(t *testing.T) {
	for _, bad := range []string{"0.0.0.0:4000", "[::]:4000", "224.0.0.1:4000", "255.255.255.255:4000", "169.254.1.1:4000",
		"[ff02::1]:4000", "[fe80::1]:4000", "10.0.0.1:0"} {
		card := testCard()
		card.Addrs[1] = netip.MustParseAddrPort(bad)
		b, err := card.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := new(Card).UnmarshalBinary(b); err == nil || !strings.Contains(err.Error(), bad) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func FuzzCard(f *testing.F) {
	b, _ := testCard().MarshalBinary()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var c Card
		if c.UnmarshalBinary(b) != nil {
			return
		}
		if _, err := c.MarshalBinary(); err != nil {
			t.Fatalf("%x is accepted but cannot be encoded: %v", b, err)
		}
	})
}
