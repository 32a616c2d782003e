package launcher

import "time"

// An awakeClock does not count the times in which this process was stopped: when a
// whole job is suspended, by a batch system or with its containers, nobody has been
// silent when it goes on. An agent that was stopped alone hears from the others
// that they have gone on.
//
// It knows of a stop because it is read often: whoever reads it later than
// promised was stopped, be it asleep or at work.
type awakeClock struct {
	due     int64 // when it would have been read at the latest
	stopped int64
}

// stopTime is how late a process must be to have been stopped. A busy machine
// makes it late by less.
const stopTime = int64(250 * time.Millisecond)

// read tells the time. t is that of a clock that counts everything.
func (c *awakeClock) read(t int64) int64 {
	if late := t - c.due; late > stopTime {
		c.stopped += late
	}
	c.due = t
	return t - c.stopped
}

// sleep promises the next reading at until, by the clock that counts everything.
func (c *awakeClock) sleep(until int64) { c.due = max(c.due, until) }
