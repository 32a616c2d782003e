package mpi

import (
	"errors"
	"testing"
)

// The room of a message is free when its receive has ended, also if the sender has not looked since.
func TestBufferIsFreeAfterReceive(t *testing.T) {
	const n = 1 << 20
	sent, received := make(chan bool), make(chan bool)
	world(t, 2, func(c *Comm) {
		data := make([]byte, n)
		if c.Rank() == 1 {
			for range 3 {
				<-sent
				_, err := Recv(c, data, 0, 0)
				check(t, err)
				received <- true
			}
			return
		}
		room := c.BsendBuffer()
		check(t, room.Attach(make([]byte, n+BsendOverhead)))
		for i := range 3 {
			if _, err := c.IsendMode(Buffered, Slice(data), 1, 0); err != nil {
				t.Errorf("message %d: %v", i, err)
			}
			if _, err := c.IsendMode(Buffered, Slice(data), 1, 0); !errors.Is(err, ErrBuffer) {
				t.Errorf("two messages in a buffer for one: %v", err)
			}
			sent <- true
			<-received
		}
		_, err := room.Detach()
		check(t, err)
	})
}
