// Package member is RAIN's group membership: a token that travels round a ring
// of hosts, carries what they agree on, and is made again when it is lost
// (Bohossian, Fan, LeMahieu, Riedel, Xu, Bruck, "Computing in the RAIN", IEEE
// TPDS 12(2), 2001; merging after Fan and Bruck's Raincore).
//
// Two memberships are kept apart. The ring is who gets the token: a host that
// does not take it is out after two attempts, within a few tenths of a second,
// and back as soon as it is heard again. Nobody but the ring notices. A view is
// who takes part: views are confirmed one after the other, by a majority of the
// view before, and a host leaves the view only when it has been out of the ring
// for Removal (--host-timeout), or is known to be dead. By then it has fenced
// itself, because Fence is shorter.
//
// What makes this safe is a short list:
//
//   - A token's ballot is (epoch, generator). Whoever makes a token, again or
//     another way round a host that does not answer, does so under a higher
//     ballot; a member that has copied a ballot takes none below it. Under one
//     ballot the token goes from hand to hand, never to two.
//   - The first round under a ballot collects what its members know. Once a
//     majority of every view that may be confirmed is named on it, the token
//     is ripe: it carries all that was ever confirmed, and may append to it.
//   - Views and messages are entries of one log on the token. An entry is
//     confirmed when the whole ring has copied it under this ballot, a majority
//     of every such view among it. So all members see one order of both.
//   - A copy is a promise: for Removal, not to agree to the removal of those
//     who were in the ring; for Promise, not to be named under another ballot.
//     The round that brings a token back proves to a member that a majority has
//     promised so since it passed the token on. From that moment, not from the
//     return, it counts its own shorter times: Fence for being of the primary,
//     Promise for holding the token.
//   - An incarnation that was fenced or has died never comes back. Its host
//     comes back under another, which is new to every view.
//
// Files, in the order in which a token meets them:
//
//	ballot.go, view.go, token.go, log.go   what is agreed on, and by how many
//	receive.go   a message arrives
//	hold.go      what a member does with the token
//	lease.go     promises, the primary, self-fencing
//	pass.go      on to the next, or round it
//	emergency.go 911: regeneration and join
//	merge.go     two groups become one
//	multicast.go, lock.go, event.go   what the user of a Machine sees
//	message.go, codec.go              what travels
//
// A Machine is pure: it is handed the time, in nanoseconds of any monotonic
// clock, and says what it wants by Deadline, NextMessage and NextEvent. Messages
// may be lost, repeated, late and out of order. It belongs to whoever drives it,
// who drains messages and events after each call.
package member

import "slices"

// A state is what a member is about.
type state uint8

const (
	hungry  state = iota // waits for the token
	eating               // holds it
	passing              // has sent it on, or to another group, and waits for the answer
	asking               // starving: has called 911
	gone                 // has said goodbye
)

// A Machine is one member.
type Machine struct {
	cfg   Config
	me    Member
	peers []peer // of every host, myself too, in the order of ids

	tok      token // the token, or my last copy of it
	maxEpoch uint64
	state    state
	late     int // Expire came too late so often in a row

	passAt   int64  // eating: pass the token on
	starveAt int64  // hungry: call 911
	retryAt  int64  // passing, asking: once more
	tries    int    // passing, asking: so far
	to       Member // passing: to whom
	merging  bool   // passing: as a token to be merged
	beaconAt int64
	beaconed int // rotates through the hosts

	// target is a member of a better group, whom my token is to be merged with.
	target   Member
	targetAt int64
	stash    []token // of other groups, to be merged with mine

	lease
	outgoing
	lock
	events []Event
	outbox []envelope
}

// peer is what a member knows of a host.
type peer struct {
	id      ID
	floor   uint64 // incarnations below are dead
	granted grant  // what I have promised it
	granter bool   // asking: it lets me regenerate
	joining bool   // it has asked to join
	joins   Member
	joinsAt Ballot // what the joiner has copied
	merged  Stamp  // the last token of it that I have merged
}

// grant is a promise not to agree to a removal for Removal.
type grant struct {
	inc   uint64
	at    int64 // since when
	stamp Stamp // of the token that had it in the ring last
	out   Stamp // of the one that left it out, if that is what I know last
}

// New returns a member that is alone; discovery finds the others. A host that
// was restarted must come with a higher incarnation than before.
func New(cfg Config, now int64) *Machine {
	cfg = cfg.withDefaults()
	m := &Machine{cfg: cfg, me: cfg.Self, beaconAt: now}
	hosts := slices.Clone(cfg.Hosts)
	slices.Sort(hosts)
	for _, id := range slices.Compact(hosts) {
		m.peers = append(m.peers, peer{id: id})
	}
	if m.peer(m.me.ID) == nil {
		panic("member: Config.Hosts does not hold Config.Self")
	}
	m.peer(m.me.ID).floor = m.me.Inc
	m.tok.first = 1
	m.alone(now)
	return m
}

// alone starts a ring of one.
func (m *Machine) alone(now int64) {
	t := &m.tok
	t.slots = []slot{{Member: m.me}}
	t.normalize()
	m.bump()
	m.eat(now)
}

// bump takes the token in hand to a higher ballot. Whatever its last ballot has
// left behind elsewhere is smaller from now on.
func (m *Machine) bump() {
	m.maxEpoch = max(m.maxEpoch, m.tok.Epoch) + 1
	m.tok.rebase(Ballot{m.maxEpoch, m.me})
}

func (m *Machine) peer(id ID) *peer {
	i, ok := slices.BinarySearchFunc(m.peers, id, func(p peer, id ID) int { return int(int64(p.id) - int64(id)) })
	if !ok {
		return nil
	}
	return &m.peers[i]
}

// Self is this member, under its present incarnation.
func (m *Machine) Self() Member { return m.me }

// Ring returns who gets the token, in its order, as far as this member knows:
// those it is connected with. Its lowest id leads a connected set that is not
// the primary.
func (m *Machine) Ring() (ring []Member) {
	for _, s := range m.tok.slots {
		if !s.out {
			ring = append(ring, s.Member)
		}
	}
	return ring
}

// View returns the last view that this member knows to be confirmed.
func (m *Machine) View() View { return m.tok.view }

// Majority reports whether the ring, as far as this member knows, may go on: it has
// a majority of the confirmed view. If so, who is not in the ring is waited for; if
// not, this member is.
func (m *Machine) Majority() bool { return m.tok.view.majority(m.tok.inRing, &m.cfg) }
