package rudp

// pacer spaces the packets of a path so that they leave at its rate. It is a
// bucket of time: next is when the path will have paid for all it has sent.
//
// "Pacing by timerfd or ack clocking in bursts of at most min(64 KiB, 1 ms of
// rate)": waking for each packet would cost more than the packet, so a burst
// waits until a quantum is paid for, and then leaves in one piece.
//
// A driver that wakes late finds unused time, or the rail would stand idle for as
// long as the driver was late: up to idleDepth after a pause, when nobody knows
// who else has filled the queues; up to busyDepth while data is in flight, since
// what is made up for then is what the queue has drained meanwhile. (Measured
// with ends that are away half of the time for up to 8 ms each, on a rail of
// 1 Gbit/s: with 1 ms the rail is half empty.)
type pacer struct {
	next int64
}

const (
	maxQuantum  = 64 << 10        // what one system call takes with UDP_SEGMENT
	quantumTime = millisecond / 2 // half of what the bucket holds after a pause
	idleDepth   = millisecond
	busyDepth   = 6 * millisecond
)

// quantum returns the bytes of a burst at the given rate in bytes per second: whole packets, since one more than
// the kernel takes at once costs as much as all before it.
func quantum(rate int64, mtu int) int64 {
	q := rate / (second / quantumTime)
	return max(min(q, maxQuantum)/int64(mtu), 2) * int64(mtu)
}

// readyAt returns when a burst that takes d nanoseconds of rate may leave.
func (p *pacer) readyAt(d int64) int64 { return p.next + min(d, idleDepth) }

// spend takes note that what left takes d nanoseconds of rate; busy says whether
// something was in flight before.
func (p *pacer) spend(now, d int64, busy bool) {
	depth := int64(idleDepth)
	if busy {
		depth = busyDepth
	}
	p.next = max(p.next, now-depth) + d
}
