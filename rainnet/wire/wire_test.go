package wire

import (
	"bytes"
	"testing"
)

func TestPathIDIsEqualAtBothEnds(t *testing.T) {
	a, b := PeerID(3), AgentBase+1
	atA := MakePathID(a, b, 2, 5)
	atB := MakePathID(b, a, 5, 2)
	if atA != atB {
		t.Fatalf("path is %v at one end and %v at the other", atA, atB)
	}
	if l, r := atA.Addrs(a, b); l != 2 || r != 5 {
		t.Errorf("Addrs at a: %d, %d, want 2, 5", l, r)
	}
	if l, r := atA.Addrs(b, a); l != 5 || r != 2 {
		t.Errorf("Addrs at b: %d, %d, want 5, 2", l, r)
	}
	if atA.String() != "2-5" || b.String() != "agent 1" || a.String() != "rank 3" {
		t.Errorf("names: %v, %v, %v", atA, b, a)
	}
}

func TestHeader(t *testing.T) {
	want := Header{Kind: KindData, Flags: 7, Path: 0x0102, Src: 3, Dst: AgentBase + 9, Number: 1<<63 | 5}
	b := AppendHeader(nil, want)
	if len(b) != HeaderLen {
		t.Fatalf("header has %d bytes, want %d", len(b), HeaderLen)
	}
	got, err := ParseHeader(b)
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if _, err := ParseHeader(b[:HeaderLen-1]); err != ErrShort {
		t.Errorf("short header: %v, want ErrShort", err)
	}
	b[0]++
	if _, err := ParseHeader(b); err != ErrVersion {
		t.Errorf("wrong version: %v, want ErrVersion", err)
	}
}

func TestFramesReadBack(t *testing.T) {
	var b []byte
	b = AppendPadding(b, 3)
	link := LinkFrame{Number: 1, Echo: 2, EchoDelay: 3, A: 4, R: 5, HasEcho: true, Ask: true}
	b = AppendLink(b, link)
	hist := HistoryFrame{Path: 6, A: 7, R: 8}
	b = AppendHistory(b, hist)
	ranges := []Range{{90, 100}, {88, 88}, {0, 5}}
	b = AppendAck(b, 1000, 9, 88, 77, ranges)
	b = append(AppendMsg(b, 10, 5, 2, 3), "abc"...)
	b = append(AppendBulk(b, 11, 1<<40, 4), "defg"...)
	b = AppendCredit(b, 12)
	b = AppendClose(b, 13)
	b = AppendAddress(b, AddressFrame{Index: 14, Revision: 15, Data: []byte("hij")})
	b = AppendSeen(b, SeenFrame{Index: 16, Revision: 17})

	if n := ConsumePadding(b); n != 3 {
		t.Fatalf("padding: %d bytes, want 3", n)
	}
	b = b[3:]
	f1, n := ConsumeLink(b)
	if f1 != link || n != LinkLen {
		t.Fatalf("link: %+v, %d", f1, n)
	}
	b = b[n:]
	f2, n := ConsumeHistory(b)
	if f2 != hist || n != HistoryLen {
		t.Fatalf("history: %+v, %d", f2, n)
	}
	b = b[n:]
	f3, n := ConsumeAck(b)
	if n == 0 || f3.Path != 9 || f3.Largest != 100 || f3.Delay != 77 {
		t.Fatalf("ack: %+v, %d", f3, n)
	}
	for _, want := range ranges {
		if r, ok := f3.Next(); !ok || r != want {
			t.Fatalf("ack range %v, %v; want %v", r, ok, want)
		}
	}
	if r, ok := f3.Next(); ok {
		t.Fatalf("ack has one range too many: %v", r)
	}
	b = b[n:]
	f4, n := ConsumeMsg(b)
	if f4.ID != 10 || f4.Total != 5 || f4.Offset != 2 || !bytes.Equal(f4.Data, []byte("abc")) {
		t.Fatalf("msg: %+v", f4)
	}
	b = b[n:]
	f5, n := ConsumeBulk(b)
	if f5.Token != 11 || f5.Offset != 1<<40 || !bytes.Equal(f5.Data, []byte("defg")) {
		t.Fatalf("bulk: %+v", f5)
	}
	b = b[n:]
	f6, n := ConsumeCredit(b)
	if f6 != 12 || n != CreditLen {
		t.Fatalf("credit: %d", f6)
	}
	b = b[n:]
	f7, n := ConsumeClose(b)
	if f7 != 13 || n != CloseLen {
		t.Fatalf("close: %d", f7)
	}
	b = b[n:]
	f8, n := ConsumeAddress(b)
	if f8.Index != 14 || f8.Revision != 15 || string(f8.Data) != "hij" || n != AddressLen(3) {
		t.Fatalf("address: %+v, %d", f8, n)
	}
	b = b[n:]
	f9, n := ConsumeSeen(b)
	if f9 != (SeenFrame{16, 17}) || n != len(b) {
		t.Fatalf("seen: %+v, %d", f9, n)
	}
}

func TestAckDropsOldestRangesThatDoNotFit(t *testing.T) {
	var ranges []Range
	for i := uint64(0); i < 2*MaxAckRanges; i++ {
		ranges = append(ranges, Range{1e6 - 300*i, 1e6 - 300*i + 1})
	}
	for room := 0; room < 300; room++ {
		b := AppendAck(nil, room, 1, 0, 0, ranges)
		if len(b) > room {
			t.Fatalf("%d bytes in room for %d", len(b), room)
		}
		if len(b) == 0 {
			continue
		}
		f, n := ConsumeAck(b)
		if n != len(b) {
			t.Fatalf("room %d: consumed %d of %d bytes", room, n, len(b))
		}
		for i := 0; ; i++ {
			r, ok := f.Next()
			if !ok {
				break
			}
			if r != ranges[i] {
				t.Fatalf("room %d: range %d is %v, want %v", room, i, r, ranges[i])
			}
		}
	}
}

func TestMalformedFramesAreRefused(t *testing.T) {
	beyond := append(AppendMsg(nil, 1, 2, 1, 2), "xx"...)
	if _, n := ConsumeMsg(beyond); n != 0 {
		t.Error("a piece that ends after its message was taken")
	}
	far := append(AppendBulk(nil, 1, 1<<63-1, 1), 'x')
	if _, n := ConsumeBulk(far); n != 0 {
		t.Error("a piece beyond 1<<63 was taken")
	}
	below := AppendAck(nil, 100, 1, 0, 0, []Range{{0, 9}})
	below[len(below)-1] = 10 // [-1, 9]
	if _, n := ConsumeAck(below); n != 0 {
		t.Error("a range below packet number 0 was taken")
	}
}

func BenchmarkFrames(b *testing.B) {
	b.ReportAllocs()
	buf := make([]byte, 0, 2000)
	data := make([]byte, 1000)
	ranges := []Range{{90, 100}, {80, 88}}
	for b.Loop() {
		p := AppendHeader(buf, Header{Kind: KindData})
		p = AppendAck(p, 100, 1, 1, 1, ranges)
		p = append(AppendBulk(p, 1, 0, len(data)), data...)
		f, n := ConsumeAck(p[HeaderLen:])
		for _, ok := f.Next(); ok; _, ok = f.Next() {
		}
		if _, n = ConsumeBulk(p[HeaderLen+n:]); n == 0 {
			b.Fatal("bulk frame did not read back")
		}
	}
}
