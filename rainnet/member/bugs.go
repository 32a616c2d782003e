package member

// Bugs is a set of faults that internal/membersim plants to prove that its
// checkers find them. It costs production one test of a zero field at the rate
// of the token.
type Bugs uint32

const (
	BugSameBallot    Bugs = 1 << iota // the way round a silent host keeps the ballot
	BugTakeOld                        // a token of a lower ballot is taken
	BugFenceLate                      // Fence is longer than Removal
	BugRemoveAtOnce                   // nobody waits for Removal
	BugMinority                       // any ring has the majority
	BugTieBoth                        // half a view is enough, whichever half
	BugConfirmEarly                   // an entry is confirmed when it is appended
	BugNoPromise                      // a copy does not keep its member from another ballot
	BugIgnorePending                  // only the confirmed view is asked for a majority
	BugNoMerge                        // groups do not merge
	BugDeliverEarly                   // a message is delivered before it is confirmed
	BugSendAgain                      // a message that is on the token is appended again
	BugNewestCopy                     // the log of the newest copy is taken, not the newest log
	BugNoRegenerate                   // nobody regenerates
	BugLeaseOnReturn                  // times count from the return of the token
	BugStayFenced                     // a fenced member keeps its incarnation
	BugTrimEarly                      // what is confirmed leaves the token, whoever is missing
	BugNoDetection                    // a host that does not answer is tried for ever
	BugFoundEarly                     // all hosts go on though members of a lost majority are among them
)

func (c *Config) has(b Bugs) bool { return c.Bugs&b != 0 }
