package wire

import (
	"bytes"
	"testing"
)

func FuzzHeader(f *testing.F) {
	f.Add(AppendHeader(nil, Header{Kind: KindData, Path: 1, Src: 2, Dst: 3, Number: 4}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			return
		}
		again := AppendHeader(nil, h)
		copy(again[12:16], b[12:16]) // reserved is ignored
		if !bytes.Equal(again, b[:HeaderLen]) {
			t.Fatalf("%x reads as %+v, which writes as %x", b[:HeaderLen], h, again)
		}
	})
}

func FuzzFrames(f *testing.F) {
	f.Add(AppendLink(AppendPadding(nil, 2), LinkFrame{Number: 1}))
	f.Add(AppendAck(nil, 100, 1, 9, 2, []Range{{7, 9}, {5, 5}, {0, 1}}))
	f.Add(append(AppendMsg(AppendCredit(nil, 5), 1, 9, 2, 3), "abc"...))
	f.Add(append(AppendBulk(AppendHistory(nil, HistoryFrame{}), 1, 9, 3), "abc"...))
	f.Add(AppendClose(nil, 1))
	f.Add(AppendSeen(AppendAddress(nil, AddressFrame{Index: 1, Revision: 2, Data: []byte("abc")}), SeenFrame{3, 4}))
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			n := consumeAny(t, b)
			if n == 0 {
				return
			}
			b = b[n:]
		}
	})
}

// consumeAny reads one frame and checks what a reader relies on. Fixed-length
// frames must write back to the same bytes.
func consumeAny(t *testing.T, b []byte) (n int) {
	var again []byte
	switch FrameType(b[0]) {
	case Padding:
		return ConsumePadding(b)
	case Link:
		var f LinkFrame
		if f, n = ConsumeLink(b); n > 0 {
			again = AppendLink(nil, f)
		}
	case History:
		var f HistoryFrame
		if f, n = ConsumeHistory(b); n > 0 {
			again = AppendHistory(nil, f)
		}
	case Ack:
		return checkAck(t, b)
	case Msg:
		var f MsgFrame
		if f, n = ConsumeMsg(b); n > 0 {
			again = append(AppendMsg(nil, f.ID, f.Total, f.Offset, len(f.Data)), f.Data...)
		}
	case Bulk:
		var f BulkFrame
		if f, n = ConsumeBulk(b); n > 0 {
			again = append(AppendBulk(nil, f.Token, f.Offset, len(f.Data)), f.Data...)
		}
	case Credit:
		var limit uint64
		if limit, n = ConsumeCredit(b); n > 0 {
			again = AppendCredit(nil, limit)
		}
	case Close:
		var code uint32
		if code, n = ConsumeClose(b); n > 0 {
			again = AppendClose(nil, code)
		}
	case Address:
		var f AddressFrame
		if f, n = ConsumeAddress(b); n > 0 {
			again = AppendAddress(nil, f)
		}
	case Seen:
		var f SeenFrame
		if f, n = ConsumeSeen(b); n > 0 {
			again = AppendSeen(nil, f)
		}
	}
	if n > len(b) || !bytes.Equal(again, b[:n]) {
		t.Fatalf("%x (%d bytes) writes back as %x", b, n, again)
	}
	return n
}

func checkAck(t *testing.T, b []byte) int {
	f, n := ConsumeAck(b)
	if n == 0 {
		return 0
	}
	if n > len(b) {
		t.Fatalf("%x: consumed %d bytes", b, n)
	}
	ranges := []Range{}
	for r, ok := f.Next(); ok; r, ok = f.Next() {
		if r.First > r.Last || len(ranges) > 0 && r.Last+1 >= ranges[len(ranges)-1].First {
			t.Fatalf("%x: range %v after %v", b, r, ranges)
		}
		ranges = append(ranges, r)
	}
	again, m := ConsumeAck(AppendAck(nil, 1<<16, f.Path, f.Came, f.Delay, ranges))
	if m == 0 || again.Largest != f.Largest || ranges[0].Last != f.Largest {
		t.Fatalf("%x: ranges %v write back differently", b, ranges)
	}
	return n
}
