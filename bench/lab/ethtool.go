package lab

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Commands of the SIOCETHTOOL ioctl that are used here (linux/ethtool.h).
const (
	ethtoolGStrings  = 0x1b
	ethtoolGSsetInfo = 0x37
	ethtoolSFeatures = 0x3b
	ethSSFeatures    = 4  // the string set with the names of the features
	ethGStringLen    = 32 // bytes of a name
)

// superPackets are the features that make one frame of many, or that split it
// only after the point where a draw decides about it. rx-gro is not in the list
// that is switched back on: a veth has it off by default.
var superPackets = []string{
	"tx-tcp-segmentation", "tx-tcp6-segmentation", "tx-tcp-ecn-segmentation",
	"tx-tcp-mangleid-segmentation", "tx-tcp-accecn-segmentation",
	"tx-udp-segmentation", "tx-gso-list", "tx-sctp-segmentation", "tx-generic-segmentation",
}

// setSuperPackets switches segmentation offloads of an interface on or off, and
// receive offload off; it works in the calling thread's network namespace.
func setSuperPackets(dev string, on bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	names, err := featureNames(fd, dev)
	if err != nil {
		return fmt.Errorf("ethtool: features of %s: %w", dev, err)
	}
	blocks := (len(names) + 31) / 32
	// struct ethtool_sfeatures: cmd, size, then {valid, requested} for each 32 features.
	req := make([]uint32, 2+2*blocks)
	req[0], req[1] = ethtoolSFeatures, uint32(blocks)
	ask := func(name string, on bool) {
		bit, ok := names[name]
		if !ok {
			return // this kernel has no such feature
		}
		req[2+2*(bit/32)] |= 1 << (bit % 32)
		if on {
			req[3+2*(bit/32)] |= 1 << (bit % 32)
		}
	}
	for _, name := range superPackets {
		ask(name, on)
	}
	if !on {
		ask("rx-gro", false)
		ask("rx-gro-list", false)
	}
	if err := ethtool(fd, dev, unsafe.Pointer(&req[0])); err != nil {
		return fmt.Errorf("ethtool: offloads of %s: %w", dev, err)
	}
	return nil
}

// featureNames maps the names of this kernel's features to their bits.
func featureNames(fd int, dev string) (map[string]int, error) {
	// struct ethtool_sset_info: cmd, reserved, u64 mask, then a count for each set.
	info := [5]uint32{ethtoolGSsetInfo, 0, 1 << ethSSFeatures, 0, 0}
	if err := ethtool(fd, dev, unsafe.Pointer(&info)); err != nil {
		return nil, err
	}
	n := int(info[4])
	// struct ethtool_gstrings: cmd, set, count, then the names.
	buf := make([]byte, 12+n*ethGStringLen)
	binary.NativeEndian.PutUint32(buf[0:], ethtoolGStrings)
	binary.NativeEndian.PutUint32(buf[4:], ethSSFeatures)
	binary.NativeEndian.PutUint32(buf[8:], uint32(n))
	if err := ethtool(fd, dev, unsafe.Pointer(&buf[0])); err != nil {
		return nil, err
	}
	names := make(map[string]int, n)
	for i := range n {
		name, _, _ := bytes.Cut(buf[12+i*ethGStringLen:][:ethGStringLen], []byte{0})
		if len(name) > 0 {
			names[string(name)] = i
		}
	}
	return names, nil
}

// ethtool is the ioctl; struct ifreq is a name and, here, a pointer.
func ethtool(fd int, dev string, data unsafe.Pointer) error {
	var ifr struct {
		name [unix.IFNAMSIZ]byte
		data unsafe.Pointer
		_    [16]byte
	}
	copy(ifr.name[:unix.IFNAMSIZ-1], dev)
	ifr.data = data
	var pin runtime.Pinner
	pin.Pin(data) // the kernel follows a pointer that the collector must not move
	defer pin.Unpin()
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&ifr)))
	if errno != 0 {
		return errno
	}
	return nil
}
