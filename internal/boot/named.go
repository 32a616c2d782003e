package boot

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
)

// A name that one job publishes for others of its user on the same host is an
// abstract socket, which answers everybody who connects with Named.

func nameSocket(service string) string {
	h := sha256.Sum256([]byte(service))
	return fmt.Sprintf("@rain-name-%d-%s", os.Getuid(), hex.EncodeToString(h[:16]))
}

// Offer makes a name known on this host until the Listener is closed. It fails if
// another process offers it.
func Offer(service, port string) (*Listener, error) {
	l, err := Listen(nameSocket(service))
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, cred, err := l.Accept()
			if err != nil {
				return
			}
			// An answer of some hundred bytes fits into any socket's buffer.
			if int(cred.Uid) == os.Getuid() {
				_ = c.Send(Message{Named: &Named{Found: true, Port: port}})
			}
			c.Close()
		}
	}()
	return l, nil
}

// Find returns what a name stands for that another process of this user offers on
// this host.
func Find(service string) (port string, found bool) {
	c, err := Dial(nameSocket(service))
	if err != nil {
		return "", false
	}
	defer c.Close()
	if uid, err := c.Uid(); err != nil || uid != os.Getuid() {
		return "", false // anybody may take a name of an abstract socket
	}
	m, err := c.Recv()
	if err != nil || m.Named == nil {
		return "", false
	}
	return m.Named.Port, m.Named.Found
}
