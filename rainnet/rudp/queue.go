package rudp

// queue estimates how long what is in flight on a path takes to arrive, by how long that took lately. The delivery
// rate does not tell, as it is a maximum: a rail that is shaped by a token bucket lets the first burst after a pause
// through at once, and looks several times as fast as it is.
type queue struct {
	burst int64 // nanoseconds that maxQuantum bytes take, smoothed; 0: not known
	at    int64 // when it was measured last
}

const (
	queueLeast  = 16 << 10 // bytes; less tells of the way and not of the rate
	queueMemory = 200 * millisecond

	// The mean is over queueMean, in which each measurement counts for as long as it is the latest, but for
	// queueStep at most: after a pause a token bucket is full again, and what comes then is the exception.
	queueMean = 20 * millisecond
	queueStep = 2 * millisecond
)

// sample takes the acknowledgement of a packet with which n bytes were in flight, and that came so much later
// than on an empty path.
func (q *queue) sample(now, n, late int64) {
	if n < queueLeast {
		return
	}
	burst := min(max(late, 1)*maxQuantum/n, second)
	if q.burst == 0 {
		q.burst = burst
	}
	// Little data is delayed by other things as well.
	weight := min(now-q.at, queueStep) * min(n, 2*maxQuantum) / (2 * maxQuantum)
	if burst > q.burst {
		weight *= 3 // a message that waits for its last piece costs more than a rail that could do more
	}
	q.burst += (burst - q.burst) * weight / queueMean
	q.at = now
}

// lasts returns how long a burst of maxQuantum bytes takes, 0 if that is not known. What was measured is believed half as
// much with every queueMemory that passes, so that a path that was slow is tried again.
func (q *queue) lasts(now int64) int64 { return q.burst >> min(max(now-q.at, 0)/queueMemory, 62) }
