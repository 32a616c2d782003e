package rudp

// queue estimates how fast a path carries what waits in front of it: by how long what was acknowledged took to come, as
// long as there was a queue all the while. The delivery rate does not tell, as it is a maximum: a rail that is shaped by
// a token bucket lets the first burst after a pause through at once, and looks several times as fast as it is.
type queue struct {
	bytes, took int64 // of the last queueMean or two
	at          int64 // when they were measured last
	until       int64 // when what is in flight will have come, less the time that the quickest packet takes
}

const (
	queueLeast  = 16 << 10        // bytes; with less in flight, what was late waited for the peer to look
	queueWait   = 2 * millisecond // nor did it, if what was in flight lasted for so long
	queueMean   = 20 * millisecond
	queueMemory = 200 * millisecond
)

// sample takes an acknowledgement of n bytes. The newest of them waited for queued, and came took after those acknowledged
// before.
func (q *queue) sample(now, n, took, queued int64) {
	if took > queued {
		return // the path may have been idle in between
	}
	if q.took >= queueMean {
		q.bytes, q.took = q.bytes/2, q.took/2
	}
	q.bytes += n
	q.took += took
	q.at = now
}

// burstTime returns how long maxQuantum bytes last, 0 if that is not known. What was measured is believed half as
// much with every queueMemory that passes, so that a path that was slow is tried again.
func (q *queue) burstTime(now int64) int64 {
	if q.bytes < maxQuantum && q.took < queueMean/2 {
		return 0
	}
	return min(q.took*maxQuantum/q.bytes, second) >> min(max(now-q.at, 0)/queueMemory, 62)
}

// sent takes note of n bytes that leave where maxQuantum bytes last for burst.
func (q *queue) sent(now, n, burst int64) { q.until = max(q.until, now) + lasts(n, burst) }

// came takes note of when the path was ready for the n bytes that are still in flight: when what is acknowledged had come,
// or later, when the first of them left.
func (q *queue) came(at, n, burst int64) { q.until = at + lasts(n, burst) }

// lasts returns how long n bytes last where maxQuantum bytes last for burst. Beyond 4 GiB the product might not fit, and
// all that counts is that it is long.
func lasts(n, burst int64) int64 { return min(n, 4<<30) / 64 * burst / (maxQuantum / 64) }

// carried returns how many bytes come in d nanoseconds.
func carried(d, burst int64) int64 { return d * maxQuantum / max(burst, 1) }
