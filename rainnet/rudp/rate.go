package rudp

// rate is the congestion state of a path. It follows BBR (Cardwell, Cheng, Gunn,
// Yeganeh, Jacobson, "BBR: Congestion-Based Congestion Control", ACM Queue 14(5),
// 2016): model the path by the highest delivery rate and the lowest round-trip
// time seen lately, pace at that rate, keep about two bandwidth-delay products in
// flight, and probe gently for more. Rates are bytes per second.
//
// Loss alone does not slow it, since a bad cable loses at random: only loss in a
// round whose round-trip times have risen does.
type rate struct {
	mode   rateMode
	before rateMode // the mode that probeRTT interrupted

	// Delivery rate (draft-cheng-iccrg-delivery-rate-estimation).
	delivered   int64 // bytes acknowledged so far
	cameAt      int64 // when the last of them had come, less the time that the quickest packet takes
	resting     bool  // nothing has been acknowledged since nothing was in flight, which is when cameAt says
	firstSentAt int64 // when the packet acknowledged last was sent
	appLimited  int64 // while delivered is below this, samples tell what we had to send

	bw       maxFilter
	atLeast  bool      // bw is of packets that were all there was to send: the path may be any faster
	minRTT   int64     // 0 until known
	lowRTT   minFilter // which it is of
	minRTTAt int64     // when it was measured last, or looked for

	// lasting is the rate over spans of lastingSpan, which say what a path does and not a burst that a token
	// bucket lets through: the flight is bounded by it. A span began when cameAt and delivered were these.
	lasting  maxFilter
	spanAt   int64
	spanFrom int64

	// A round ends when what was sent at its start is acknowledged.
	roundEnd  int64 // value of delivered
	roundAt   int64
	roundWait int64 // least time that a packet of this round queued; never: none has come yet
	queued    bool  // even the fastest packet of the last round had to queue
	roundLost int64 // bytes
	roundFrom int64 // value of delivered at its start

	// standing is by how much even the fastest packet of the last while was
	// late: a queue in the network that never runs empty.
	standing   int64
	standWait  int64 // least of the present while; never: none has come yet
	standSince int64

	startFrom  int64 // value of delivered when startup began
	full       int64 // rate at which startup last saw growth
	fullRounds int   // rounds without

	phase   int   // of cruise
	phaseAt int64 // when it began; also of probeRTT
	phaseBW int64 // bw at the start of a phase of probing

	// gap is the longest time lately between arrivals while there was enough to
	// send: peers and drivers that are off their processor.
	gap maxFilter

	// late is how long acknowledgements queued lately on their way back.
	late maxFilter

	hi int64 // bound on the flight from loss with delay; 0: none

	pacing int64 // computed by refresh
	flight int64 // computed by refresh
}

type rateMode uint8

const (
	startup rateMode = iota
	drain
	cruise
	probeRTT
)

const (
	// 4·ln 2 is the least gain that doubles the rate each round (BBR v2).
	startupGain = 277 // percent

	initialFlight = 64 << 10 // before the first sample
	minFlight     = 64 << 10

	// Beside its bandwidth-delay products a path may have this much time of
	// its rate in flight, and the longest gap between arrivals: acknowledgements
	// come by the batch, and a peer may be off its processor for a while. It
	// is less than the queue of a switch port, so that several connections on
	// a rail fit too.
	aggregation    = 4 * millisecond
	maxAggregation = 2 << 20
	maxGap         = 10 * millisecond
	maxLate        = 50 * millisecond
	gapWindow      = second

	// No rail is slower than 1 Mbit/s. A rate that is thought lower was
	// measured while there was little to send or little came through, and
	// one packet at that rate could hold up the path for seconds.
	minPacing = 128 << 10
	// Nor is one that has never had enough to send held to what that was.
	unknownPacing = initialFlight * second / initialRTT

	leastQueue    = 2 * millisecond  // of its rate that a path may have in flight beside a bandwidth-delay product, whatever is lost
	maxQueued     = 2 * millisecond  // beyond the gap: the path is full
	standWindow   = 16 * millisecond // of the measurement of standing
	minBWWindow   = 100 * millisecond
	lastingSpan   = 8 * millisecond
	minRTTWindow  = 10 * second
	minRTTProbe   = 5 * second // without the lowest: there is time for two before it is forgotten
	probeRTTTime  = 10 * millisecond
	minPhase      = 4 * millisecond
	minRound      = millisecond
	lossTolerance = 2 // percent of a round
)

// cruiseGains: probe, drain what the probe put into the queue, cruise.
var cruiseGains = [...]int64{125, 75, 100, 100, 100, 100, 100, 100}

// newRate is of a path that nothing is known of.
func newRate() rate { return rate{roundWait: never, standWait: never} }

// gains returns the gains of pacing and of the flight in percent.
func (r *rate) gains() (pacing, flight int64) {
	switch r.mode {
	case startup:
		return startupGain, startupGain
	case drain:
		return 35, startupGain
	case cruise:
		return r.cruiseGain(), 200
	}
	return 100, 50
}

// cruiseGain returns the pacing gain of the present phase. A rate that is thought
// too high fills the queue up to the bound on the flight, and small messages and
// pings have to wait there. So a path with a standing queue cruises below its rate.
// Probing goes on, gently: or a peer that is always slow to answer would talk the
// rate down for ever.
func (r *rate) cruiseGain() int64 {
	gain := cruiseGains[r.phase]
	// Ends that are off their processor for a while need a queue of that
	// length, or the rail stands idle meanwhile.
	excess := r.standing - r.gap.get() - millisecond
	switch {
	case excess <= 0:
	case gain == 100:
		gain -= min(5+excess*6/millisecond, 30)
	case gain > 100 && excess > 4*millisecond:
		gain = 105
	}
	return gain
}

// window returns how many bytes may be in flight.
func (r *rate) window() int64 {
	if r.flight == 0 {
		return initialFlight
	}
	return r.flight
}

// back returns how many more bytes may be in flight that have come already, as acknowledgements queue on their way.
func (r *rate) back() int64 {
	return min(r.lasting.get()*r.late.get()/second, maxAggregation)
}

// sustained is the rate that bounds the flight. In startup that is the highest: every longer span has its slow beginning in it.
func (r *rate) sustained() int64 {
	bw, lasting := r.bw.get(), r.lasting.get()
	if r.mode == startup || lasting == 0 {
		return bw
	}
	return min(bw, lasting)
}

// duration returns how long n bytes take at the pacing rate, in nanoseconds.
func (r *rate) duration(n int64) int64 {
	if r.pacing == 0 {
		return n * second / (initialFlight * second / initialRTT)
	}
	return n * second / r.pacing
}

// bandwidth returns the estimate of the path's rate, 0 if there is none.
func (r *rate) bandwidth() int64 { return r.bw.get() }

// notBelow returns burst, a time that maxQuantum bytes may last, or what they last at the highest rate if that is longer.
func (r *rate) notBelow(burst int64) int64 {
	if bw := r.bandwidth(); bw > 0 {
		return max(burst, maxQuantum*second/bw)
	}
	return burst
}

// refresh computes what depends on the model.
func (r *rate) refresh() {
	pacingGain, flightGain := r.gains()
	bw, rtt := r.bw.get(), r.minRTT
	if rtt == 0 {
		rtt = initialRTT
	}
	if bw == 0 {
		r.pacing = initialFlight * second / max(rtt, 10*microsecond) * startupGain / 100
		r.flight = initialFlight
		return
	}
	r.pacing = max(bw*pacingGain/100, minPacing)
	if r.atLeast {
		r.pacing = max(r.pacing, unknownPacing)
	}
	bdp := r.bdp()
	r.flight = bdp*flightGain/100 + min(r.sustained()*(aggregation+r.gap.get())/second, maxAggregation)
	if r.mode == startup {
		// The first burst says nothing of the path: no more than what has come already, as slow start has it.
		r.flight = min(r.flight, minFlight+2*(r.delivered-r.startFrom))
	}
	r.flight = max(r.flight, minFlight)
	if r.mode == probeRTT {
		r.flight = max(bdp/2, minFlight/8)
	}
	if r.hi > 0 {
		r.flight = min(r.flight, r.hi)
	}
}

// bdp returns the bandwidth-delay product in bytes.
func (r *rate) bdp() int64 {
	return min(r.bw.get(), 8e9) * min(r.minRTT, second) / second
}

// onSent stamps a packet that is sent while inFlight bytes are in flight.
func (r *rate) onSent(now int64, p *sentPacket, inFlight int64) {
	if inFlight == 0 {
		r.firstSentAt, r.cameAt, r.resting = now, now, true
	}
	p.delivered = r.delivered
	p.cameAt, p.rested = r.cameAt, r.resting
	p.firstSentAt = r.firstSentAt
	p.appLimited = r.appLimited > r.delivered
	p.flight = inFlight
}

// starved says that the path had room and nothing to send.
func (r *rate) starved(inFlight int64) {
	r.appLimited = r.delivered + max(inFlight, 1)
}

// onRTT takes a round-trip time measured on this path, and how much of it the packet queued on its way there.
func (r *rate) onRTT(now, rtt, queued int64) {
	if r.minRTT > 0 {
		r.late.update(now, minBWWindow, min(max(rtt-r.minRTT-queued, 0), maxLate))
	}
	r.roundWait = min(r.roundWait, queued)
	r.standWait = min(r.standWait, queued)
	if now-r.standSince >= standWindow {
		r.standing = r.standWait
		r.standWait, r.standSince = never, now
	}
	if r.minRTT == 0 || rtt <= r.minRTT {
		r.minRTTAt = now
	}
	r.lowRTT.update(now, minRTTWindow, rtt)
	r.minRTT = r.lowRTT.get()
	// The lowest is old: the route may have changed, or a queue may never have
	// run empty since. Let it run empty.
	if now-r.minRTTAt > minRTTProbe && r.mode != probeRTT {
		r.before, r.mode, r.phaseAt, r.minRTTAt = r.mode, probeRTT, now, now
	}
}

// onLost takes bytes that are taken for lost, except by a probe time-out.
func (r *rate) onLost(n int64) { r.roundLost += n }

// onAck takes an acknowledgement of bytes, the newest packet in it being p as
// it was stamped, which came when came says (see cameAt), with inFlight bytes still in flight.
func (r *rate) onAck(now, came int64, p *sentPacket, bytes, inFlight int64) {
	if !r.resting && !p.appLimited {
		r.gap.update(now, gapWindow, min(max(came-r.cameAt, 0), maxGap))
	}
	r.delivered += bytes
	r.cameAt, r.resting = max(r.cameAt, came), false
	r.firstSentAt = p.at
	r.sample(now, p, r.delivered-p.delivered)
	r.sampleLasting(now)
	if p.delivered >= r.roundEnd && now-r.roundAt >= minRound {
		r.endRound(now, inFlight+bytes, p.appLimited)
	}
	r.step(now, inFlight)
	r.refresh()
}

// sample measures the delivery rate over the flight of p.
func (r *rate) sample(now int64, p *sentPacket, delivered int64) {
	until := r.cameAt
	if p.rested {
		// Nothing had come before, from which the time could be taken: it is from what was sent.
		until = now
	}
	interval := max(p.at-p.firstSentAt, until-p.cameAt)
	// "A sample whose interval is shorter than the round-trip time is not
	// to be believed": acknowledgements were held up and came together.
	if interval <= 0 || interval < r.minRTT {
		return
	}
	bw := delivered * second / interval
	// Until there is a rate, the first guess is what a sample that tells of
	// little data must exceed.
	least := r.bw.get()
	if least == 0 {
		least = initialFlight * second / max(r.minRTT, millisecond)
	}
	if p.appLimited && bw < least {
		return
	}
	r.bw.update(now, max(10*r.minRTT, minBWWindow), bw)
	if bw == r.bw.get() {
		r.atLeast = p.appLimited
	}
}

// sampleLasting measures the delivery rate over a span of time.
func (r *rate) sampleLasting(now int64) {
	if r.spanAt == 0 {
		r.spanAt, r.spanFrom = r.cameAt, r.delivered
	}
	if took := r.cameAt - r.spanAt; took >= lastingSpan {
		bw := (r.delivered - r.spanFrom) * second / took
		if r.appLimited <= r.spanFrom || bw > r.lasting.get() {
			r.lasting.update(now, minBWWindow, bw)
		}
		r.spanAt, r.spanFrom = r.cameAt, r.delivered
	}
}

func (r *rate) endRound(now, flight int64, appLimited bool) {
	lost, got := r.roundLost, r.delivered-r.roundFrom
	lossy := lost*100 > (lost+got)*lossTolerance
	late := r.roundWait
	if late == never {
		late = 0
	}
	congested := lossy && late > max(r.minRTT/4, millisecond)
	if congested {
		r.slow(now, flight)
	}
	r.queued = late > r.gap.get()+maxQueued
	if r.mode == startup && !appLimited {
		r.checkFull()
	}
	if r.mode == cruise && cruiseGains[r.phase] > 100 && !congested {
		r.grow()
	}
	r.roundEnd, r.roundFrom, r.roundAt = r.delivered, r.delivered, now
	r.roundLost, r.roundWait = 0, never
}

// checkFull ends startup when the rate has not grown by 25 % in three rounds, or when
// a queue shows that the path is full whatever the rate seems to be: acknowledgements
// that were held up and come together make it look higher than it is.
func (r *rate) checkFull() {
	bw := r.bw.get()
	if bw >= r.full*125/100 && !r.queued {
		r.full, r.fullRounds = bw, 0
		return
	}
	r.fullRounds++
	if r.fullRounds >= 3 {
		r.mode = drain
	}
}

// slow answers loss that comes with a queue: less in flight than what broke it. But it may have been a bad cable, and a peer
// that was off its processor: so not less than what keeps the path busy while acknowledgements come by the batch.
func (r *rate) slow(now, flight int64) {
	r.hi = max(max(flight, r.bdp())*85/100, r.bdp()+r.sustained()*leastQueue/second, minFlight/2)
	if r.mode == startup {
		r.mode = drain
	}
	if r.mode == cruise {
		r.phase, r.phaseAt = 1, now
	}
}

// grow lifts the bound that slow set, while probing brings no queue: loss alone goes on as long as the cable is bad.
func (r *rate) grow() {
	if r.hi == 0 {
		return
	}
	r.hi += r.hi / 8
	if r.hi > 4*r.bdp()+2*maxAggregation {
		r.hi = 0
	}
}

// step moves from mode to mode and phase to phase.
func (r *rate) step(now, inFlight int64) {
	switch r.mode {
	case drain:
		if inFlight <= r.bdp()+max(r.bw.get()*quantumTime/second, minFlight/2) {
			r.enterCruise(now)
		}
	case cruise:
		r.stepCruise(now)
	case probeRTT:
		if now-r.phaseAt >= max(probeRTTTime, r.minRTT) {
			r.minRTTAt = now
			r.resume(now)
		}
	}
}

// resume ends probeRTT: a path that never had enough to send is in startup still.
func (r *rate) resume(now int64) {
	if r.before == startup {
		r.mode = startup
		return
	}
	r.enterCruise(now)
}

func (r *rate) enterCruise(now int64) {
	r.mode, r.phase, r.phaseAt, r.phaseBW = cruise, 2, now, r.bw.get()
}

func (r *rate) stepCruise(now int64) {
	if now-r.phaseAt < max(r.minRTT, minPhase) {
		return
	}
	bw := r.bw.get()
	probing := cruiseGains[r.phase] > 100
	r.phaseAt = now
	if probing && bw > r.phaseBW*115/100 && !r.queued {
		// The path gives what is asked of it: ask again. Eight phases for
		// each 25 % would take a second to find a repaired rail.
		r.phaseBW = bw
		return
	}
	r.phase = (r.phase + 1) % len(cruiseGains)
	r.phaseBW = bw
}

// restart begins anew on a path that was down: it may be another one now.
func (r *rate) restart() {
	*r = rate{
		delivered: r.delivered, roundEnd: r.delivered, roundFrom: r.delivered, startFrom: r.delivered,
		roundWait: never, standWait: never,
		minRTT: r.minRTT, minRTTAt: r.minRTTAt, lowRTT: r.lowRTT,
	}
	r.refresh()
}
