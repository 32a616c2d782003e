package member

import "math"

// Never is the deadline of a machine that waits for nothing.
const Never = math.MaxInt64

// Config holds the constants of a member. A zero field means its default. All
// members must agree on Hosts, Promise, Removal and Fence. Times are in
// nanoseconds.
type Config struct {
	Self    Member
	Hosts   []ID // every host that may ever be a member; at most maxHosts
	Witness []ID // of these, hosts without ranks: they vote and never lead

	Round    int64 // how long the token takes round a quiet ring; default 100 ms
	Retry    int64 // between attempts to deliver; default a quarter of Round
	Attempts int   // to deliver, before a host is passed over; default 4
	Starve   int64 // without the token until 911; default 5 Round
	Promise  int64 // how long a copy keeps its member from another ballot; default 3 Round
	Removal  int64 // out of the ring until out of the view; default 30 s
	Fence    int64 // without proof of a majority until self-fencing; default 7/8 Removal

	// Aggressive puts a host out of the ring after one failed delivery, where
	// by default another member has to fail as well.
	Aggressive bool

	Bugs Bugs // planted by internal/membersim; zero everywhere else
}

const millisecond = 1_000_000

func (c Config) withDefaults() Config {
	defaultTo(&c.Round, 100*millisecond)
	defaultTo(&c.Retry, c.Round/4)
	defaultTo(&c.Starve, 5*c.Round)
	defaultTo(&c.Promise, 3*c.Round)
	defaultTo(&c.Removal, 30_000*millisecond)
	defaultTo(&c.Fence, c.Removal-c.Removal/8)
	if c.Attempts <= 0 {
		c.Attempts = 4
	}
	if c.Fence >= c.Removal || c.Promise >= c.Starve {
		panic("member: Fence must be shorter than Removal, Promise than Starve")
	}
	if len(c.Hosts) > maxHosts {
		panic("member: too many hosts")
	}
	if c.has(BugFenceLate) {
		c.Fence = 2 * c.Removal
	}
	return c
}

func defaultTo(v *int64, d int64) {
	if *v <= 0 {
		*v = d
	}
}
