package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"

	"golang.org/x/sys/unix"

	"rainmpi/internal/boot"
)

// rankProgram is what ranks run in these tests: it speaks the boot protocol as
// the library does. Each argument is one thing to do; "N:thing" is for rank N
// alone.
func rankProgram(things []string) int {
	p := &prog{rank: os.Getenv(boot.EnvRank)}
	for _, t := range things {
		if n, rest, ok := bytes.Cut([]byte(t), []byte(":")); ok {
			if _, err := strconv.Atoi(string(n)); err == nil {
				if string(n) != p.rank {
					continue
				}
				t = string(rest)
			}
		}
		if status, end := p.do(t); end {
			return status
		}
	}
	return 0
}

type prog struct {
	rank    string
	conn    *boot.Conn
	welcome *boot.Welcome
}

func (p *prog) fail(err error) (int, bool) {
	fmt.Fprintf(os.Stderr, "rank %s: %v\n", p.rank, err)
	return 99, true
}

func (p *prog) do(thing string) (status int, end bool) {
	switch thing {
	case "init":
		return p.init()
	case "again": // a second claim of the same rank
		c, err := boot.Dial(os.Getenv(boot.EnvAgent))
		if err != nil {
			return p.fail(err)
		}
		n, _ := strconv.Atoi(p.rank)
		_ = c.Send(boot.Message{Hello: &boot.Hello{Rank: n, Pid: os.Getpid()}})
		m, err := c.Recv()
		if err != nil || m.Welcome == nil {
			return p.fail(fmt.Errorf("second claim: %v, %v", m, err))
		}
		fmt.Println("refused:", m.Welcome.Error)
		c.Close()
	case "cards":
		return p.cards()
	case "key":
		fmt.Printf("key %x\n", p.welcome.Key)
	case "options":
		fmt.Println("options", p.welcome.Options)
	case "finalize":
		if err := p.conn.Send(boot.Message{Finalize: &boot.Finalize{}}); err != nil {
			return p.fail(err)
		}
	case "abort":
		_ = p.conn.Send(boot.Message{Abort: &boot.Abort{Code: 7, Text: "enough"}})
		select {}
	case "garbage":
		if err := p.garbage(); err != nil {
			return p.fail(err)
		}
	case "hang":
		select {}
	case "wait": // until the agent is gone, then end, as the library does
		_, _ = p.conn.Recv()
		return 0, true
	case "waits": // says for whom it waits whenever it is asked
		fmt.Println("waiting")
		for {
			m, err := p.conn.Recv()
			if err != nil {
				return 1, true
			}
			if m.Waits != nil {
				_ = p.conn.Send(boot.Message{Waits: &boot.Waits{Ranks: []int{1, 3}}})
			}
		}
	case "survive": // hears of a failure, if not with the welcome, and ends in order
		failed := p.welcome.Failed
		for len(failed) == 0 {
			m, err := p.conn.Recv()
			if err != nil {
				return p.fail(err)
			}
			if m.Failed != nil {
				failed = m.Failed.Ranks
			}
		}
		fmt.Println("failed", failed)
	case "leave": // in order, when all others have come to it
		if err := p.conn.Send(boot.Message{Finalize: &boot.Finalize{Waits: true}}); err != nil {
			return p.fail(err)
		}
		for {
			m, err := p.conn.Recv()
			if err != nil {
				return p.fail(err)
			}
			if m.Finalize != nil {
				return 0, true
			}
		}
	case "card": // gives one, and looks who has none
		if err := p.conn.Send(boot.Message{Card: &boot.Card{Card: []byte("card")}}); err != nil {
			return p.fail(err)
		}
		for {
			m, err := p.conn.Recv()
			if err != nil {
				return p.fail(err)
			}
			if m.Cards == nil {
				continue
			}
			for w, c := range m.Cards.Cards {
				if len(c) == 0 {
					fmt.Println("no card of", w)
				}
			}
			return 0, false
		}
	case "die":
		_ = unix.Kill(os.Getpid(), unix.SIGKILL)
		select {}
	case "size":
		fmt.Println("size", p.welcome.Size, "slots", p.welcome.Slots, "hosts", len(p.welcome.Hosts), "app", p.welcome.AppNum)
	case "signal":
		c := make(chan os.Signal, 1)
		signal.Notify(c, unix.SIGUSR1, unix.SIGUSR2)
		fmt.Println("waiting")
		fmt.Println("got", <-c)
	case "setsid": // a grandchild that has left the session, and its parent
		c := exec.Command("setsid", "sh", "-c", "sleep 1000 & sleep 1001")
		if err := c.Start(); err != nil {
			return p.fail(err)
		}
	default:
		n, err := strconv.Atoi(thing)
		if err != nil {
			return p.fail(fmt.Errorf("unknown thing to do %q", thing))
		}
		return n, true
	}
	return 0, false
}

func (p *prog) init() (status int, end bool) {
	var err error
	if p.conn, err = boot.Dial(os.Getenv(boot.EnvAgent)); err != nil {
		return p.fail(err)
	}
	n, _ := strconv.Atoi(p.rank)
	if err := p.conn.Send(boot.Message{Hello: &boot.Hello{Rank: n, Pid: os.Getpid()}}); err != nil {
		return p.fail(err)
	}
	m, err := p.conn.Recv()
	if err != nil || m.Welcome == nil || m.Welcome.Error != "" || p.conn.FD() < 0 {
		return p.fail(fmt.Errorf("no welcome: %+v, %v", m, err))
	}
	p.welcome = m.Welcome
	if len(m.Welcome.Key) != 32 || m.Welcome.Rank != n {
		return p.fail(fmt.Errorf("the welcome is wrong: %+v", m.Welcome))
	}
	return 0, false
}

// cards gives a card and checks everybody's.
func (p *prog) cards() (status int, end bool) {
	if err := p.conn.Send(boot.Message{Card: &boot.Card{Card: []byte("card of " + p.rank)}}); err != nil {
		return p.fail(err)
	}
	m, err := p.conn.Recv()
	if err != nil || m.Cards == nil || len(m.Cards.Cards) != p.welcome.Size {
		return p.fail(fmt.Errorf("no cards: %+v, %v", m, err))
	}
	for w, c := range m.Cards.Cards {
		if string(c) != fmt.Sprintf("card of %d", w) {
			return p.fail(fmt.Errorf("card of rank %d is %q", w, c))
		}
	}
	fmt.Println("cards of all")
	return 0, false
}

// garbage talks nonsense to the agent's socket.
func (p *prog) garbage() error {
	for _, text := range []string{"GET / HTTP/1.0\r\n\r\n", "\x05\x00\x00\x00hello", "\x02\x00\x00\x00{}", "\x02"} {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		if err != nil {
			return err
		}
		if err := unix.Connect(fd, &unix.SockaddrUnix{Name: os.Getenv(boot.EnvAgent)}); err != nil {
			return err
		}
		if _, err := unix.Write(fd, []byte(text)); err != nil {
			return err
		}
		_ = unix.Shutdown(fd, unix.SHUT_WR)
		var b [1]byte
		if n, _ := unix.Read(fd, b[:]); n > 0 {
			return fmt.Errorf("garbage %q was answered", text)
		}
		unix.Close(fd)
	}
	return nil
}
