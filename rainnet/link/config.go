package link

import "math"

// Never is the deadline of a machine that waits for nothing.
const Never = math.MaxInt64

// Config holds the constants of a link. A zero field means its default. Both
// ends of a link must agree on Slack; the times may differ. All times are in
// nanoseconds.
type Config struct {
	Slack      int   // N, how far one end may lead the other in transitions; default and least 2
	Period     int64 // between pings of a path in use that carries no data; default 10 ms
	IdlePeriod int64 // between pings of a path whose ends have nothing to say; default 1 s
	Hurry      int64 // between pings once an echo is overdue; default 3 ms
	MinTimeout int64 // a floor under T = max(3 periods, 4 smoothed round trips); default none
	GoodEchoes int   // echoes before a link goes Up; default 3

	// A link that went Down HoldFrom times within HoldWindow stays Down for
	// HoldBase at least, twice that at the next such Down, and so on to HoldMax.
	HoldFrom   int   // default 3; at most 8
	HoldWindow int64 // default 10 s
	HoldBase   int64 // default 100 ms
	HoldMax    int64 // default 10 s

	Bugs Bugs // planted by internal/simnet to prove its checkers; zero everywhere else
}

// LeastSlack is N where nothing else is said: N = 1 would leave tin no step at all.
const LeastSlack = 2

const (
	millisecond = 1_000_000
	second      = 1000 * millisecond
)

func (c Config) withDefaults() Config {
	c.Slack = max(c.Slack, LeastSlack)
	defaultTo(&c.Period, 10*millisecond)
	defaultTo(&c.IdlePeriod, second)
	defaultTo(&c.Hurry, 3*millisecond)
	if c.GoodEchoes <= 0 {
		c.GoodEchoes = 3
	}
	if c.HoldFrom <= 0 {
		c.HoldFrom = 3
	}
	c.HoldFrom = min(c.HoldFrom, maxDowns)
	defaultTo(&c.HoldWindow, 10*second)
	defaultTo(&c.HoldBase, 100*millisecond)
	defaultTo(&c.HoldMax, 10*second)
	return c
}

func defaultTo(v *int64, d int64) {
	if *v <= 0 {
		*v = d
	}
}
