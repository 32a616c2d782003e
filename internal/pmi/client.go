package pmi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Client is a rank's connection to its launcher. It is for one goroutine at a
// time, except Abort and Gone.
type Client struct {
	fd         int
	Rank, Size int
	kvs        string
	maxValue   int
	buf        []byte // read, not yet taken
}

// ErrNone says that the environment names no launcher that is there.
var ErrNone = errors.New("no launcher speaks PMI here")

// Open finds the launcher in the environment and introduces this process. The
// error is ErrNone where there is none: a child of a rank inherits the
// variables, and not the descriptor, which Open makes close-on-exec.
func Open() (*Client, error) {
	c := &Client{fd: -1, maxValue: MaxValue}
	if err := c.connect(); err != nil {
		if c.fd >= 0 {
			unix.Close(c.fd)
		}
		return nil, err
	}
	if err := c.introduce(); err != nil {
		unix.Close(c.fd)
		return nil, fmt.Errorf("PMI: %w", err)
	}
	return c, nil
}

// Hide keeps a connection that this process does not use from its children.
func Hide() {
	if fd, err := strconv.Atoi(os.Getenv(EnvFD)); err == nil && isSocket(fd) {
		unix.CloseOnExec(fd)
	}
}

func (c *Client) connect() error {
	if s := os.Getenv(EnvFD); s != "" {
		fd, err1 := strconv.Atoi(s)
		rank, err2 := strconv.Atoi(os.Getenv(EnvRank))
		size, err3 := strconv.Atoi(os.Getenv(EnvSize))
		if err1 != nil || err2 != nil || err3 != nil || !isSocket(fd) {
			return ErrNone
		}
		unix.CloseOnExec(fd)
		c.fd, c.Rank, c.Size = fd, rank, size
		return nil
	}
	if port := os.Getenv(EnvPort); port != "" {
		return c.dial(port, os.Getenv(EnvID))
	}
	return ErrNone
}

func isSocket(fd int) bool {
	var st unix.Stat_t
	return fd >= 0 && unix.Fstat(fd, &st) == nil && (st.Mode&unix.S_IFMT == unix.S_IFSOCK || st.Mode&unix.S_IFMT == unix.S_IFIFO)
}

// dial connects to "HOST:PORT" and says which process we are; the launcher
// answers with rank and size.
func (c *Client) dial(to, id string) error {
	addr, err := net.ResolveTCPAddr("tcp", to)
	if err != nil {
		return fmt.Errorf("%s=%s: %w", EnvPort, to, err)
	}
	var sa unix.Sockaddr
	family := unix.AF_INET6
	if ip := addr.IP.To4(); ip != nil {
		family, sa = unix.AF_INET, &unix.SockaddrInet4{Port: addr.Port, Addr: [4]byte(ip)}
	} else {
		sa = &unix.SockaddrInet6{Port: addr.Port, Addr: [16]byte(addr.IP.To16())}
	}
	if c.fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
		return err
	}
	if err := unix.Connect(c.fd, sa); err != nil {
		return fmt.Errorf("%s=%s: the launcher does not answer: %w", EnvPort, to, err)
	}
	if _, err := c.ask("initack", Line("initack", "pmiid", id)); err != nil {
		return err
	}
	for range 3 { // size, rank, debug, in whatever order
		m, err := c.read()
		if err != nil {
			return err
		}
		if s, ok := m["size"]; ok {
			c.Size, err = strconv.Atoi(s)
		} else if s, ok := m["rank"]; ok {
			c.Rank, err = strconv.Atoi(s)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) introduce() error {
	if c.Size < 1 || c.Rank < 0 || c.Rank >= c.Size {
		return fmt.Errorf("rank %d of %d ranks", c.Rank, c.Size)
	}
	m, err := c.ask("response_to_init", Line("init", "pmi_version", "1", "pmi_subversion", "1"))
	if err != nil {
		return err
	}
	if v := m["pmi_version"]; v != "" && v != "1" {
		return fmt.Errorf("the launcher speaks version %s, this library version 1", v)
	}
	if m, err = c.ask("maxes", Line("get_maxes")); err != nil {
		return err
	}
	if n, err := strconv.Atoi(m["vallen_max"]); err == nil && n > 64 {
		c.maxValue = min(n, MaxValue)
	}
	if m, err = c.ask("my_kvsname", Line("get_my_kvsname")); err != nil {
		return err
	}
	c.kvs = m["kvsname"]
	return nil
}

// AppNum is the index of this process's program in an MPMD command line.
func (c *Client) AppNum() (int, error) { return c.number("appnum", "get_appnum", "appnum") }

// UniverseSize is how many ranks the job may have.
func (c *Client) UniverseSize() (int, error) {
	return c.number("universe_size", "get_universe_size", "size")
}

func (c *Client) number(answer, cmd, key string) (int, error) {
	m, err := c.ask(answer, Line(cmd))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(m[key])
}

// Put stores a value under a key, in as many pieces as the launcher's limit on
// values makes of it. Others find it after the next Barrier.
func (c *Client) Put(key string, value []byte) error {
	text := base64.RawURLEncoding.EncodeToString(value)
	room := c.maxValue - 16
	pieces := max(1, (len(text)+room-1)/room)
	for i := range pieces {
		piece := text[i*room : min((i+1)*room, len(text))]
		if i == 0 {
			piece = fmt.Sprintf("%d.%s", pieces, piece)
		}
		if _, err := c.ask("put_result", Line("put", "kvsname", c.kvs, "key", fmt.Sprintf("%s.%d", key, i), "value", piece)); err != nil {
			return fmt.Errorf("PMI put %s: %w", key, err)
		}
	}
	return nil
}

// Get is what some rank has put before the last Barrier.
func (c *Client) Get(key string) ([]byte, error) {
	var text strings.Builder
	for i, pieces := 0, 1; i < pieces; i++ {
		m, err := c.ask("get_result", Line("get", "kvsname", c.kvs, "key", fmt.Sprintf("%s.%d", key, i)))
		if err != nil {
			return nil, fmt.Errorf("PMI get %s: %w", key, err)
		}
		piece := m["value"]
		if i == 0 {
			var count string
			count, piece, _ = strings.Cut(piece, ".")
			if pieces, err = strconv.Atoi(count); err != nil || pieces < 1 {
				return nil, fmt.Errorf("PMI get %s: %q is not what a rank of rainmpi puts: the ranks of a job must all use the same MPI", key, m["value"])
			}
		}
		text.WriteString(piece)
	}
	return base64.RawURLEncoding.DecodeString(text.String())
}

// Barrier waits for all ranks.
func (c *Client) Barrier() error {
	_, err := c.ask("barrier_out", Line("barrier_in"))
	return err
}

// Finalize tells the launcher that the end of this process is no failure.
func (c *Client) Finalize() error {
	_, err := c.ask("finalize_ack", Line("finalize"))
	return err
}

// Abort asks the launcher to end the job.
func (c *Client) Abort(code int) error { return c.write(Line("abort", "exitcode", strconv.Itoa(code))) }

// FD is the connection's descriptor.
func (c *Client) FD() int { return c.fd }

// Gone waits until the launcher has closed the connection. It may run while
// another goroutine talks.
func (c *Client) Gone() {
	for {
		p := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLRDHUP}}
		if n, err := unix.Poll(p, -1); err != nil && err != unix.EINTR || n > 0 {
			return
		}
	}
}

// ask sends a line and waits for its answer.
func (c *Client) ask(answer, line string) (Message, error) {
	if err := c.write(line); err != nil {
		return nil, err
	}
	m, err := c.read()
	if err != nil {
		return nil, err
	}
	if m.Cmd() != answer {
		return nil, fmt.Errorf("the launcher answers %q with %v", strings.TrimSpace(line), m)
	}
	if rc := m["rc"]; rc != "" && rc != "0" {
		return nil, fmt.Errorf("the launcher answers %q with rc=%s %s", strings.TrimSpace(line), rc, m["msg"])
	}
	return m, nil
}

func (c *Client) write(line string) error {
	for b := []byte(line); len(b) > 0; {
		n, err := unix.Write(c.fd, b)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("the launcher has gone: %w", err)
		}
		b = b[n:]
	}
	return nil
}

func (c *Client) read() (Message, error) {
	for {
		if line, rest, ok := strings.Cut(string(c.buf), "\n"); ok {
			c.buf = []byte(rest)
			return Parse(line), nil
		}
		var b [1024]byte
		n, err := unix.Read(c.fd, b[:])
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, fmt.Errorf("the launcher has gone: %w", err)
		case n == 0:
			return nil, errors.New("the launcher has gone")
		case len(c.buf)+n > 16*MaxLine:
			return nil, errors.New("the launcher sends no lines")
		default:
			c.buf = append(c.buf, b[:n]...)
		}
	}
}
