package rudp

// rtt estimates the round-trip time of a path as RFC 9002, section 5 does. All
// times are nanoseconds.
type rtt struct {
	latest   int64
	smoothed int64 // 0 until the first sample
	variance int64
	min      int64
	lone     int64 // for how long packets before which next to nothing was in flight queued lately, at least
	loneAt   int64 // 0: there was none yet
}

// initialRTT stands in until there is a sample. RFC 9002 takes 333 ms for the
// Internet; a cluster's paths have been measured by pings before they carry
// data, so this one hardly matters.
const initialRTT = 10 * millisecond

// granularity is the least difference of time that means something: RFC 9002,
// section 6.1.2, kGranularity.
const granularity = 1 * millisecond

// sample takes one measurement and the delay that the peer says it added.
func (r *rtt) sample(latest, ackDelay, maxAckDelay int64) {
	latest = max(latest, 1)
	r.latest = latest
	if r.smoothed == 0 {
		// "On the first RTT sample after initialization: smoothed_rtt =
		// latest_rtt, rttvar = latest_rtt / 2".
		r.min = latest
		r.smoothed = latest
		r.variance = latest / 2
		return
	}
	r.min = min(r.min, latest)
	// "min_rtt ignores acknowledgment delay": it bounds what may be taken off.
	ackDelay = min(ackDelay, maxAckDelay)
	adjusted := latest
	if latest >= r.min+ackDelay {
		adjusted = latest - ackDelay
	}
	r.variance += (abs(r.smoothed-adjusted) - r.variance) / 4
	r.smoothed += (adjusted - r.smoothed) / 8
}

// loneWindow is how long the least counts. What others keep in the queues all packets meet; one that came while the
// peer was off its processor says nothing of the path.
const loneWindow = 200 * millisecond

// sampleLone takes for how long a packet queued on its way there, before which less than a burst was in flight.
func (r *rtt) sampleLone(now, queued int64) {
	if r.loneAt == 0 || queued <= r.lone || now-r.loneAt > loneWindow {
		r.lone, r.loneAt = queued, now
	}
}

// oneWay returns how long a packet is under way that meets nothing of ours: half of the least round trip, and what
// others keep in the queues. What the peer's own data does to acknowledgements on their way back is no part of it.
func (r *rtt) oneWay() int64 {
	if r.loneAt == 0 {
		return r.estimate() / 2
	}
	return r.min/2 + r.lone
}

// pto returns the probe time-out without back-off: "PTO = smoothed_rtt +
// max(4*rttvar, kGranularity) + max_ack_delay".
func (r *rtt) pto(maxAckDelay int64) int64 {
	if r.smoothed == 0 {
		return 3*initialRTT + maxAckDelay
	}
	return r.smoothed + max(4*r.variance, granularity) + maxAckDelay
}

// lossDelay returns how much later than a packet another one must have been
// acknowledged for the first to be lost: "kTimeThreshold * max(smoothed_rtt,
// latest_rtt)", 9/8 by default; eighths is raised where packets are late
// without being lost. One slow round trip does not make it longer than a probe
// time-out may be.
func (r *rtt) lossDelay(eighths int64) int64 {
	t := max(r.smoothed, r.latest)
	if t == 0 {
		t = initialRTT
	}
	return max(min(t*eighths/8, r.maxPTO()), granularity)
}

// maxPTO returns how long a probe time-out may become by back-off.
func (r *rtt) maxPTO() int64 { return max(maxPTO, r.smoothed*2) }

// estimate returns the smoothed round-trip time, or a guess.
func (r *rtt) estimate() int64 {
	if r.smoothed == 0 {
		return initialRTT
	}
	return r.smoothed
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}
