package chaos

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// An attacker sees every packet of the host it is on, and sends to the sockets of the other host.
type attacker struct {
	own     []netip.Addr // this host's
	tap     int          // a packet socket
	conn    *net.UDPConn
	port    uint16           // conn's
	targets []netip.AddrPort // the other host's sockets, as they were seen
	seen    map[netip.AddrPort]*[kept][]byte
	count   map[netip.AddrPort]int
	rng     *rand.Rand
}

// kept is how many of the last packets to each socket are sent again later.
const kept = 64

// attack plays the attacker until standard input ends. args are this host's addresses.
func attack(args []string) error {
	a := &attacker{seen: map[netip.AddrPort]*[kept][]byte{}, count: map[netip.AddrPort]int{}, rng: rand.New(rand.NewPCG(1, 2))}
	for _, s := range args {
		a.own = append(a.own, netip.MustParseAddr(s))
	}
	var err error
	// Only a socket for all protocols sees what leaves; the virtual header says how packets that the
	// kernel has yet to cut are cut.
	all := int(binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(nil, unix.ETH_P_ALL)))
	if a.tap, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, all); err != nil {
		return err
	}
	if err := unix.SetsockoptInt(a.tap, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1); err != nil {
		return err
	}
	if a.conn, err = net.ListenUDP("udp4", nil); err != nil {
		return err
	}
	a.port = uint16(a.conn.LocalAddr().(*net.UDPAddr).Port)
	fmt.Fprintln(os.Stderr, "ready")
	frame := make([]byte, 70_000)
	fds := []unix.PollFd{{Fd: int32(a.tap), Events: unix.POLLIN}}
	for next := time.Now(); !stdinEnded(); {
		if n, _ := unix.Poll(fds, 2); n > 0 {
			if n, err := unix.Read(a.tap, frame); err == nil {
				a.look(frame[:n])
			}
		}
		if time.Now().After(next) {
			a.bombard()
			next = time.Now().Add(5 * time.Millisecond)
		}
	}
	for _, to := range a.targets {
		fmt.Printf("socket %v: %d bad packets\n", to, a.count[to])
	}
	return nil
}

// Offsets of what look reads.
const (
	virtual  = 10 // struct virtio_net_hdr
	ethernet = 14
)

// look takes what a frame carries, and replays one in eight at once.
func (a *attacker) look(b []byte) {
	if len(b) < virtual+ethernet+20 || binary.BigEndian.Uint16(b[virtual+12:]) != unix.ETH_P_IP {
		return
	}
	cut := int(binary.NativeEndian.Uint16(b[4:])) // gso_size
	ip := b[virtual+ethernet:]
	udp := ip[min(len(ip), int(ip[0]&15)*4):]
	if ip[9] != unix.IPPROTO_UDP || len(udp) < 8 || binary.BigEndian.Uint16(udp) == a.port {
		return
	}
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip[16:20])), binary.BigEndian.Uint16(udp[2:]))
	if slices.Contains(a.own, to.Addr()) || !to.Addr().IsPrivate() {
		return
	}
	if a.seen[to] == nil {
		a.targets = append(a.targets, to)
		a.seen[to] = &[kept][]byte{}
	}
	for data := udp[8:]; len(data) > 0; {
		packet := data
		if cut > 0 {
			packet = data[:min(cut, len(data))]
		}
		data = data[len(packet):]
		packet = bytes.Clone(packet)
		a.seen[to][a.rng.IntN(kept)] = packet
		if a.rng.IntN(8) == 0 {
			a.send(to, packet)
		}
	}
}

// bombard sends to every socket one of each kind.
func (a *attacker) bombard() {
	for _, to := range a.targets {
		garbage := make([]byte, a.rng.IntN(1400))
		for i := range garbage {
			garbage[i] = byte(a.rng.Uint32())
		}
		a.send(to, garbage)
		p := a.seen[to][a.rng.IntN(kept)]
		if len(p) == 0 {
			continue
		}
		a.send(to, p)
		a.send(to, p[:a.rng.IntN(len(p))])
		damaged := bytes.Clone(p)
		damaged[a.rng.IntN(len(p))] ^= 1 << a.rng.IntN(8)
		a.send(to, damaged)
		a.send(a.targets[a.rng.IntN(len(a.targets))], p)
	}
}

func (a *attacker) send(to netip.AddrPort, packet []byte) {
	if _, err := a.conn.WriteToUDPAddrPort(packet, to); err == nil {
		a.count[to]++
	}
}
