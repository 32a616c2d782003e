package udp

import "testing"

// BenchmarkSmall is one small datagram written and read, in one thread.
func BenchmarkSmall(b *testing.B) {
	for _, avoid := range []Feature{0, Join, Join | Segment | Batch} {
		b.Run((everything &^ avoid).String(), func(b *testing.B) {
			x, y := openPair(b, "127.0.0.1", avoid)
			to := MakeAddr(y.LocalAddr())
			msgs := []Message{message(&to, make([]byte, 100), 0)}
			in := NewInbox()
			b.ReportAllocs()
			for b.Loop() {
				x.WriteBatch(msgs)
				y.ReadBatch(in)
			}
		})
	}
}
