package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/internal/alone"
)

// The test binary plays small parts on the hosts: `BINARY part ARGS` instead of tests.
var parts = map[string]func(args []string) error{
	"tcp-sink":   tcpSink,
	"tcp-source": tcpSource,
	"udp-sink":   udpSink,
	"udp-source": udpSource,
	"hold-lab":   holdLab,
	"talker":     talker,
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if part := parts[os.Args[1]]; part != nil {
			if err := part(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	alone.Clear()
	os.Exit(m.Run())
}

// tcpSink ADDR prints "ready", takes one connection and prints bytes per second
// of what came between the first byte and the last.
func tcpSink(args []string) error {
	l, err := net.Listen("tcp", args[0])
	if err != nil {
		return err
	}
	fmt.Println("ready")
	c, err := l.Accept()
	if err != nil {
		return err
	}
	buf := make([]byte, 1<<20)
	n, err := c.Read(buf)
	if err != nil {
		return err
	}
	start := time.Now()
	more, err := io.CopyBuffer(io.Discard, struct{ io.Reader }{c}, buf)
	fmt.Println(n+int(more), float64(more)/time.Since(start).Seconds())
	return err
}

// tcpSource ADDR BYTES
func tcpSource(args []string) error {
	total, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	c, err := net.DialTimeout("tcp", args[0], 3*time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	buf := make([]byte, 1<<16)
	for sent := 0; sent < total; sent += len(buf) {
		if _, err := c.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// udpSink ADDR COUNT prints "ready", then the number of datagrams that came: when
// all have, or a quarter of a second after standard input has ended, which says
// that the last has been sent. It may be late to the processor: its socket holds
// all that are sent meanwhile, and what is there when the time is over counts.
func udpSink(args []string) error {
	want, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	conn, err := net.ListenPacket("udp", args[0])
	if err != nil {
		return err
	}
	c := conn.(*net.UDPConn)
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	c.SetReadBuffer(16 << 20) // the kernel cuts it down for users
	raw.Control(func(fd uintptr) { unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 16<<20) })
	fmt.Println("ready")
	go func() {
		io.Copy(io.Discard, os.Stdin)
		c.SetReadDeadline(time.Now().Add(250 * time.Millisecond))
	}()
	buf := make([]byte, 1<<16)
	n := 0
	for n < want {
		_, _, err := c.ReadFrom(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			raw.Control(func(fd uintptr) {
				for err = nil; err == nil; n++ {
					_, _, err = unix.Recvfrom(int(fd), buf, unix.MSG_DONTWAIT)
				}
				n--
			})
			break
		}
		if err != nil {
			return err
		}
		n++
	}
	fmt.Println(n)
	return nil
}

// udpSource ADDR COUNT
func udpSource(args []string) error {
	count, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	c, err := net.Dial("udp", args[0])
	if err != nil {
		return err
	}
	for i := range count {
		c.Write(make([]byte, 1000)) // a refused or unreachable peer is part of the tests
		if i%64 == 63 {
			time.Sleep(time.Millisecond) // pace: no socket buffer may overflow
		}
	}
	return nil
}

// holdLab makes a lab, starts a sleeper on h1, prints the directory and waits.
func holdLab(args []string) error {
	l, err := New(context.Background(), Config{Rails: 1})
	if err != nil {
		return err
	}
	cmd := l.Hosts[0].Command("sleep", args[0])
	if err := cmd.Start(); err != nil {
		return err
	}
	fmt.Println(l.Dir())
	return cmd.Wait()
}
