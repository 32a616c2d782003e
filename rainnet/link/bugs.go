package link

// Bugs is a set of faults that internal/simnet plants to prove that its
// checkers find them. It costs production one test of a zero field in places
// that run at the rate of pings.
type Bugs uint32

const (
	BugTinAtN    Bugs = 1 << iota // tin acts while a−r < N, not N−1
	BugStaleEcho                  // an echo from before my last transition counts
	BugSkipEpoch                  // several steps of the peer's count are taken as one
	BugNoSlack                    // tout ignores the slack, tin too
	BugNoHistory                  // the peer's count is not followed
)

func (c *Config) has(b Bugs) bool { return c.Bugs&b != 0 }
