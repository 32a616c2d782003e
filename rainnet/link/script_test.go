package link

import (
	"fmt"
	"testing"
	"time"

	"rainmpi/internal/script"
)

// TestScripts runs the conversations of testdata. Their commands:
//
//	new [slack= delay= period= idle= hurry= good= floor=]
//	run DURATION          prints the transitions of both ends
//	cut, mend [from=a|b]  everything that end sends is lost
//	drop from= n=         the next n packets are
//	other on|off          counts also travel on another path
//	use on|off            both ends have something to say
//	sleep who= for=       that end is not driven for a while
//	lost who=             its carrier is gone
//	proof who= age=       data that it sent age ago is acknowledged
//	excuse                the last Down was a stall
//	state                 prints both histories
//	sent                  prints how many pings went since the last such command
func TestScripts(t *testing.T) {
	script.Files(t, "testdata/*.txt", func(t *testing.T) func(*script.Command) string {
		s := &session{p: newPair(Config{}, 100_000)}
		return s.do
	})
}

type session struct{ p *pair }

func (s *session) do(c *script.Command) string {
	p := s.p
	switch c.Name {
	case "new":
		s.p = newPair(Config{
			Slack:      int(c.Int("slack", 0)),
			Period:     c.Duration("period", 0),
			IdlePeriod: c.Duration("idle", 0),
			Hurry:      c.Duration("hurry", 0),
			MinTimeout: c.Duration("floor", 0),
			GoodEchoes: int(c.Int("good", 0)),
		}, c.Duration("delay", 100_000))
	case "run":
		p.run(p.now + c.ParseDuration(c.Arg(0)))
		return p.flush()
	case "cut", "mend":
		for _, i := range who(c, "from") {
			p.cut[i] = c.Name == "cut"
		}
	case "drop":
		for _, i := range who(c, "from") {
			p.drop[i] = int(c.Int("n", 1))
		}
	case "other":
		p.other = c.Has("on")
	case "use":
		for _, l := range p.ends {
			l.SetUse(p.now, c.Has("on"))
		}
	case "sleep":
		d := c.Duration("for", 0)
		for _, i := range who(c, "who") {
			p.asleep[i] = p.now + d
		}
	case "lost":
		for _, i := range who(c, "who") {
			p.ends[i].Lost(p.now)
			p.events(i)
		}
		return p.flush()
	case "proof":
		age := c.Duration("age", 0)
		for _, i := range who(c, "who") {
			p.ends[i].Proof(p.now, p.now-age)
			p.events(i)
		}
		return p.flush()
	case "excuse":
		for _, l := range p.ends {
			l.Excuse(p.now)
		}
	case "state":
		return s.state()
	case "sent":
		out := fmt.Sprintf("a %d, b %d", p.sent[0], p.sent[1])
		p.sent = [2]int{}
		return out
	default:
		c.Fatalf("unknown command %s", c.Name)
	}
	return ""
}

func (s *session) state() (out string) {
	for i, l := range s.p.ends {
		a, r := l.History()
		out += fmt.Sprintf("%c: up %v, a %d, r %d, known %v, T %v\n", 'a'+i, l.Up(), a, r, l.Known(), time.Duration(l.Timeout()))
	}
	return out
}

// who returns the ends that the argument key names, both by default.
func who(c *script.Command, key string) []int {
	switch c.String(key, "") {
	case "a":
		return []int{0}
	case "b":
		return []int{1}
	case "":
		return []int{0, 1}
	}
	c.Fatalf("%s= is a or b", key)
	return nil
}
