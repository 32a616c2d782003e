package launcher

import (
	"errors"
	"fmt"

	"rainmpi/rainnet/member"
)

// refusals count what the agent is sent and does not take. Each kind is said
// once: whoever sends it sends more.
type refusals struct {
	count map[string]int
	said  map[string]bool
}

// A packet or two of a job that used the same port before are nobody's business,
// nor are a few that a network has doubled.
const (
	fewForeign = 10
	fewDoubled = 100
)

// refuse takes note of a message that the machine has not taken.
func (b *membership) refuse(p *meshPeer, err error) {
	r := &b.refused
	if r.count == nil {
		r.count = map[string]int{}
	}
	r.count[err.Error()]++
	if errors.Is(err, member.ErrDead) {
		return // late, and answered
	}
	r.say(b.mesh, err.Error(), fmt.Sprintf("the agent of host %s sent what is refused: %v; is rainmpi of one version on all hosts?", b.mesh.names[p.host], err))
}

// report looks at what the endpoint has refused before anybody saw it.
func (r *refusals) report(m *mesh) {
	s := m.e.Stats()
	if s.Forged > fewForeign {
		r.say(m, "forged", "packets come that are not encrypted with this job's key; they are refused")
	}
	if s.Foreign > fewForeign {
		r.say(m, "foreign", "packets come that are of another program or another version of rainmpi; they are refused")
	}
	if s.Duplicate > fewDoubled {
		r.say(m, "duplicate", "packets come more than once, doubled by the network or replayed by somebody; the copies are refused")
	}
	if s.Forbidden > fewForeign {
		r.say(m, "forbidden", "a packet filter of this host refuses packets to other hosts of the job; see nft list ruleset")
	}
	if s.Malformed > 0 {
		r.say(m, "malformed", "packets of this job come that make no sense; they are refused. Is rainmpi of one version on all hosts?")
	}
}

func (r *refusals) say(m *mesh, kind, text string) {
	if r.said[kind] {
		return
	}
	if r.said == nil {
		r.said = map[string]bool{}
	}
	r.said[kind] = true
	m.events <- meshNotice{Notice{Detail: true, Text: fmt.Sprintf("host %s: %s", m.names[m.self], text)}}
}
