package rudp

import (
	"math"

	"rainmpi/rainnet/link"
	"rainmpi/rainnet/wire"
)

// Config holds what a connection is made with. A zero field means its default.
type Config struct {
	Local, Remote wire.PeerID
	Link          link.Config // of every path

	// Window bounds the ordered bytes that are sent and not yet delivered,
	// and so what the receiver keeps to put messages together. Both ends
	// must agree on it. Default 4 MiB.
	Window int64

	// MaxAckDelay is how long a lone packet waits for its acknowledgement,
	// in nanoseconds. Both ends must agree on it. Default 1 ms.
	MaxAckDelay int64

	Bugs Bugs // planted by internal/simnet to prove its checkers; zero everywhere else
}

const (
	microsecond = 1_000
	millisecond = 1_000_000
	second      = 1_000_000_000
)

// never is the deadline of something that waits for nothing.
const never = math.MaxInt64

func (c Config) withDefaults() Config {
	if c.Window <= 0 {
		c.Window = 4 << 20
	}
	if c.MaxAckDelay <= 0 {
		c.MaxAckDelay = millisecond
	}
	return c
}
