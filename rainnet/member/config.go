package member

import "math"

// Never is the deadline of a machine that waits for nothing.
const Never = math.MaxInt64

// Config holds the constants of a member. A zero field means its default. All
// members must agree on Hosts, Promise, Removal and Fence. Times are in
// nanoseconds.
type Config struct {
	Self    Member
	Hosts   []ID // every host that may ever be a member; at most MaxHosts
	Witness []ID // of these, hosts without ranks: they vote and never lead

	// Round is how long the token takes round a quiet ring: 100 ms, or a 24th of
	// Removal if that is less. A token that is lost is back, and proven, after
	// about ten rounds; nobody may fence itself before that.
	Round    int64
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
	defaultTo(&c.Removal, 30_000*millisecond)
	defaultTo(&c.Round, min(100*millisecond, c.Removal/24))
	defaultTo(&c.Retry, c.Round/4)
	defaultTo(&c.Starve, 5*c.Round)
	defaultTo(&c.Promise, 3*c.Round)
	defaultTo(&c.Fence, c.Removal-c.Removal/8)
	if c.Attempts <= 0 {
		c.Attempts = 4
	}
	if c.Fence >= c.Removal || c.Promise >= c.Starve || c.Fence < 2*c.Starve+2*c.Round {
		panic("member: the times must be such that Promise < Starve, 2 Starve + 2 Round <= Fence < Removal")
	}
	if len(c.Hosts) > MaxHosts {
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
