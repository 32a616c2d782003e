package mpi

import "math/bits"

// A pace says how a long message had better come from a rank of the same host: streamed, by two copies through the ring,
// which both ranks make at once, or read, by the kernel's one copy out of its sender's memory.
//
// Which is quicker is the machine's to say. Where two processors shared a cache 1 MiB took 43 us streamed and 127 read; where
// each line that one has written crosses a mesh to the other, 145 and 105. So both are timed, on the messages themselves,
// for each sender and each order of sizes: the first few take turns, and later one in many takes the way that has lost,
// as it may have been unlucky, or the ranks have moved.
//
// What is timed is copying alone, so that it does not matter who was away meanwhile, nor what stood in the queue before.
// Of a stream both copies count. They are made at the same time, but ranks that send to each other have to make both.
type pace [paceClasses]struct {
	in, out, read cost
	asked         uint32
}

const (
	paceClasses = 5   // of sizes: below 64 KiB, and fourfold from there to 4 MiB and above
	paceTrials  = 3   // of each way before one is preferred
	paceAgain   = 128 // messages after which the other way has a turn
)

func paceClass(n int64) int { return min((bits.Len64(uint64(n>>16))+1)/2, paceClasses-1) }

// streams reports whether a message of n bytes had better come through the ring.
func (p *pace) streams(n int64) bool {
	c := &p[paceClass(n)]
	if c.out.trials < paceTrials || c.read.trials < paceTrials {
		return c.out.trials <= c.read.trials
	}
	c.asked++
	return (c.in.perByte+c.out.perByte < c.read.perByte) != (c.asked%paceAgain == 0)
}

// cameStreamed tells of a message that has come through the ring, cameRead of so many bytes that were read of one, and in how many nanoseconds.
// What is not in one piece takes longer, for reasons of its own.
func (p *pace) cameStreamed(r *Request) {
	if r.t.Contiguous() {
		c := &p[paceClass(r.streamed)]
		c.in.took(r.streamed, r.put)
		c.out.took(r.streamed, r.got)
	}
}

func (p *pace) cameRead(of, n, ns int64) { p[paceClass(of)].read.took(n, ns) }

// A cost is the processor time of a byte.
type cost struct {
	trials  int
	perByte float64 // ns
}

// took adds a message. What takes less is believed at once; what takes more may have been put off its processor, or
// have met memory that nobody had touched before.
func (c *cost) took(n, ns int64) {
	if n <= 0 || ns <= 0 {
		return
	}
	now := float64(ns) / float64(n)
	if c.trials == 0 || now < c.perByte {
		c.perByte = now
	} else {
		c.perByte += (min(now, 2*c.perByte) - c.perByte) / 8
	}
	c.trials = min(c.trials+1, paceTrials)
}
