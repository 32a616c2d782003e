package launcher

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"rainmpi/rainnet"
)

// HostFacts is what rainrun check learns of a host from the host itself.
type HostFacts struct {
	Version   string // of rainrun
	Binary    string // the first digits of the SHA-256 of its file
	File      string // and the file
	Library   string // the same of libmpi_abi.so.1 in its folder lib; empty: there is none
	LibFile   string
	Kernel    string
	Arch      string
	Cores     int
	Files     uint64 // open files that a process may have
	Locked    uint64 // bytes of memory that it may lock
	Ptrace    int    // Yama's scope; 0: ranks read each other's memory
	Memory    string // not empty: why ranks cannot share memory
	SharedMB  int64  // free in /dev/shm, for other MPIs; ours needs none
	Rails     []RailFacts
	PortError string // not empty: why no socket could be opened
	PortsFree int    // of the range; 0 without one
	LastPort  bool   // the range's last port is free, and was probed too
}

// RailFacts is one address of a host.
type RailFacts struct {
	Name string
	Addr string
	MTU  int
	Mbps int // 0: the interface does not say
}

// Probe tells an agent that is being checked of the others; it looks for them
// for a while.
type Probe struct {
	Cards [][]byte // by host; empty: that host does not take part
	Last  [][]byte // the same of endpoints on the range's last port
	For   time.Duration
}

// Clock is the agent's clock, in nanoseconds since 1970, when Probe came.
type Clock struct{ Now int64 }

// Probed are the address pairs that have answered.
type Probed struct {
	Paths  []ProbedPath
	Last   []ProbedPath // of the range's last port
	Forged int64
}

// ProbedPath has answered in both directions.
type ProbedPath struct {
	Host          int // of the other end
	Local, Remote string
}

// checkAgent is the agent of rainrun check: it starts nothing.
func checkAgent(s Setup, in *frameReader, out *frameWriter) {
	facts := factsOf()
	facts.PortsFree = freePorts(s.PortLow, s.PortHigh)
	answer := Ready{Protocol: Protocol, Cores: facts.Cores, Node: os.Getenv("SLURMD_NODENAME"), Machine: machineID()}
	p, last := &prober{host: s.Host}, &prober{host: s.Host}
	cfg := rainnet.Config{ID: agentID(s.Host), Key: s.Key, Rails: s.Rails, PortLow: s.PortLow, PortHigh: s.PortHigh}
	e, err := rainnet.Open(cfg, p)
	if err != nil {
		facts.PortError = err.Error()
	} else {
		defer e.Close()
		for i, a := range e.Card().Addrs {
			facts.Rails = append(facts.Rails, railFacts(e.Card().Rails[i].Name, a.String()))
		}
		answer.Card, _ = e.Card().MarshalBinary()
	}
	// A firewall that lets the first ports of a range through may stop the others.
	var end *rainnet.Endpoint
	if e != nil && s.Multi && s.PortHigh > s.PortLow {
		cfg.ID, cfg.PortLow = agentID(len(s.Hosts)+s.Host), s.PortHigh
		if end, err = rainnet.Open(cfg, last); err == nil {
			defer end.Close()
			facts.LastPort = true
			answer.LastCard, _ = end.Card().MarshalBinary()
		}
	}
	answer.Facts = &facts
	out.send(kindReady, answer)
	for {
		f, err := in.next()
		if err != nil || f.kind == kindBye {
			return
		}
		var q Probe
		if f.kind != kindProbe || f.decode(&q) != nil {
			continue
		}
		out.send(kindClock, Clock{Now: time.Now().UnixNano()})
		done := make(chan struct{})
		go func() {
			if facts.LastPort {
				last.look(end, q.Last, q.For)
			}
			close(done)
		}()
		if e != nil {
			p.look(e, q.Cards, q.For)
		}
		<-done
		p.found.Last = last.found.Paths
		out.send(kindProbed, p.found)
	}
}

func factsOf() HostFacts {
	f := HostFacts{Cores: len(allowedCores()), Arch: runtime.GOARCH, Ptrace: number("/proc/sys/kernel/yama/ptrace_scope")}
	f.Version = Version()
	f.File, _ = os.Executable()
	f.Binary = digest("/proc/self/exe")
	f.LibFile = filepath.Join(filepath.Dir(filepath.Dir(f.File)), "lib", "libmpi_abi.so.1")
	f.Library = digest(f.LibFile)
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		f.Kernel = string(bytes.TrimRight(u.Release[:], "\x00"))
	}
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) == nil {
		f.Files = lim.Cur
	}
	if unix.Getrlimit(unix.RLIMIT_MEMLOCK, &lim) == nil {
		f.Locked = lim.Cur
	}
	var fs unix.Statfs_t
	if unix.Statfs("/dev/shm", &fs) == nil {
		f.SharedMB = int64(fs.Bavail) * fs.Bsize >> 20
	}
	if fd, err := unix.MemfdCreate("rain-check", unix.MFD_CLOEXEC); err != nil {
		f.Memory = fmt.Sprintf("memfd_create: %v", err)
	} else {
		unix.Close(fd)
	}
	return f
}

// Version is that of this build: the module's, if it has one, and that of Go.
func Version() string {
	text := runtime.Version()
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		text = b.Main.Version + ", " + text
	}
	return text
}

// digest tells files apart: the first digits of the SHA-256; empty if there is none.
func digest(file string) string {
	f, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	_, _ = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// freePorts counts the UDP ports of a range that nobody on this host holds.
func freePorts(low, high int) (free int) {
	for port := low; low > 0 && port <= high; port++ {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return free
		}
		if unix.Bind(fd, &unix.SockaddrInet4{Port: port}) == nil {
			free++
		}
		unix.Close(fd)
	}
	return free
}

// number reads a small number from a file of the kernel's; 0 if there is none.
func number(file string) int {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func railFacts(name, addr string) RailFacts {
	return RailFacts{Name: name, Addr: addr,
		MTU: number("/sys/class/net/" + name + "/mtu"), Mbps: number("/sys/class/net/" + name + "/speed")}
}

// A prober remembers which paths come up.
type prober struct {
	host  int
	found Probed
}

// look introduces the others and watches for a while: all of it, as one rail
// may be slower than another.
func (p *prober) look(e *rainnet.Endpoint, cards [][]byte, limit time.Duration) {
	for h, b := range cards {
		var card rainnet.Card
		if h == p.host || len(b) == 0 || card.UnmarshalBinary(b) != nil {
			continue
		}
		if peer, err := e.AddPeer(card); err == nil {
			peer.User = h
			peer.Send([]byte{kindHello}, nil) // the first message makes it look for paths
		}
	}
	for end := rainnet.Now() + int64(limit); rainnet.Now() < end; {
		e.Poll()
		e.Wait(end)
	}
	p.found.Forged = e.Stats().Forged
}

// Path implements rainnet.Handler.
func (p *prober) Path(peer *rainnet.Peer, ev rainnet.PathEvent) {
	if h, ok := peer.User.(int); ok && ev.Kind == rainnet.PathUp {
		path := ProbedPath{h, ev.Local, ev.Remote}
		if !slices.Contains(p.found.Paths, path) { // on a busy host one may come and go
			p.found.Paths = append(p.found.Paths, path)
		}
	}
}

// Message, BulkSent, BulkDone and Room implement rainnet.Handler.
func (p *prober) Message(*rainnet.Peer, []byte)  {}
func (p *prober) BulkSent(*rainnet.Peer, uint64) {}
func (p *prober) BulkDone(*rainnet.Peer, uint64) {}
func (p *prober) Room(*rainnet.Peer)             {}
