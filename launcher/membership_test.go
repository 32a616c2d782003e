package launcher

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"rainmpi/rainnet"
	"rainmpi/rainnet/member"
)

// A testHost is the agent's end of one of several meshes in this process.
type testHost struct {
	*mesh
	events chan any
	rails  *rainnet.Faults
}

// testHosts makes the meshes of hosts a, b, c and so on; those from ranked on are
// witnesses. wrong may change the cards that one of them gets.
func testHosts(t *testing.T, n, ranked int, timeout time.Duration, wrong func(host int, cards [][]byte)) []testHost {
	t.Helper()
	s := Setup{Key: bytes.Repeat([]byte{1}, 32), Rails: []string{"127.0.0.1"}, HostTimeout: timeout}
	for h := range n {
		s.Hosts = append(s.Hosts, string(rune('a'+h)))
		if h >= ranked {
			s.Witnesses = append(s.Witnesses, h)
		}
	}
	var hosts []testHost
	var cards [][]byte
	for h := range n {
		s.Host = h
		x := testHost{events: make(chan any, 1000), rails: &rainnet.Faults{}}
		var err error
		if x.mesh, err = newMesh(s, x.rails, nil, x.events); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			x.rails.Drop(0, true) // nobody waits for a goodbye
			x.close()
		})
		c, err := x.card()
		if err != nil {
			t.Fatal(err)
		}
		hosts, cards = append(hosts, x), append(cards, c)
	}
	for h, x := range hosts {
		own := append([][]byte(nil), cards...)
		if wrong != nil {
			wrong(h, own)
		}
		if err := x.meet(own); err != nil {
			t.Fatal(err)
		}
	}
	return hosts
}

// together waits until all hosts have a view.
func together(t *testing.T, hosts []testHost) {
	t.Helper()
	for _, x := range hosts {
		await[meshTogether](t, x.events)
	}
}

func (x testHost) cut()  { x.rails.Drop(0, true) }
func (x testHost) mend() { x.rails.Drop(0, false) }

// begins wants a text that begins with words, and names a time of the day.
func begins(t *testing.T, text, words string) {
	t.Helper()
	if !strings.HasPrefix(text, words) || !strings.Contains(text, "--host-timeout") {
		t.Errorf("%q, want %q", text, words)
	}
}

// Who is cut off fences itself before the others remove it, and both name it.
func TestHostCutOff(t *testing.T) {
	for _, c := range []struct {
		name      string
		n, ranked int
		cut       int // is out
		tell      int // one that goes on
	}{
		{"two hosts", 2, 2, 1, 0},
		{"three hosts", 3, 3, 2, 0},
		{"the first of three", 3, 3, 0, 1},
		{"rainrun's host, with a witness", 3, 2, 0, 1},
		{"a witness", 3, 2, 2, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hosts := testHosts(t, c.n, c.ranked, time.Second, nil)
			together(t, hosts)
			began := time.Now()
			hosts[c.cut].cut()
			removed := await[meshRemoved](t, hosts[c.tell].events)
			if took := time.Since(began); took < 900*time.Millisecond {
				t.Errorf("removed after %v", took)
			}
			fenced, ok := already[meshFenced](hosts[c.cut].events)
			if !ok {
				t.Error("removed before it has fenced itself")
				fenced = await[meshFenced](t, hosts[c.cut].events)
			}
			words := fmt.Sprintf("host %c has been out of reach since ", 'a'+rune(c.cut))
			begins(t, fenced.text, words)
			if len(fenced.away) != c.n-1 {
				t.Errorf("away: %v", fenced.away)
			}
			begins(t, removed.text, words)
			if removed.host != c.cut {
				t.Errorf("removed: host %d", removed.host)
			}
		})
	}
}

// Of two hosts cut apart by the second one's rails or the first one's, the one
// with rainrun goes on.
func TestTie(t *testing.T) {
	t.Parallel()
	hosts := testHosts(t, 2, 2, time.Second, nil)
	together(t, hosts)
	hosts[0].cut()
	begins(t, await[meshFenced](t, hosts[1].events).text, "host b has been out of reach since ")
	begins(t, await[meshRemoved](t, hosts[0].events).text, "host b has been out of reach since ")
}

// A silence is told once, by the side that goes on, and so is its end.
func TestSilenceIsTold(t *testing.T) {
	t.Parallel()
	hosts := testHosts(t, 3, 3, 3*time.Second, nil)
	together(t, hosts)
	hosts[1].cut()
	n := await[meshNotice](t, hosts[0].events)
	begins(t, n.Text, "host b has been silent on all rails since ")
	if n.Hosts != [2]int{1, -1} || !n.Silence {
		t.Errorf("%+v", n)
	}
	hosts[1].mend()
	n = await[meshNotice](t, hosts[0].events)
	if n.Hosts != [2]int{1, -1} || n.Silence || !strings.HasPrefix(n.Text, "host b answers again after ") {
		t.Errorf("%+v", n)
	}
	// Nobody was removed for it.
	for _, x := range hosts {
		x.close()
		for len(x.events) > 0 {
			switch ev := (<-x.events).(type) {
			case meshRemoved, meshFenced, meshApart:
				t.Errorf("%T %+v", ev, ev)
			}
		}
	}
}

// Two hosts that do not reach each other are in one ring, through the others; all
// agents hear of it on the token.
func TestHostsApart(t *testing.T) {
	t.Parallel()
	hosts := testHosts(t, 4, 4, time.Second, func(host int, cards [][]byte) {
		if host < 2 { // a and b have each other's cards with an address of nobody
			other := 1 - host
			var c rainnet.Card
			if err := c.UnmarshalBinary(cards[other]); err != nil {
				t.Fatal(err)
			}
			c.ID, c.Salt = agentID(other), [16]byte{9}
			cards[other], _ = c.MarshalBinary()
		}
	})
	together(t, hosts)
	for _, x := range hosts {
		begins(t, await[meshApart](t, x.events).text, "hosts a and b have not reached each other on any rail since ")
	}
}

func TestMemberIDs(t *testing.T) {
	for lead := range 4 {
		b := membership{lead: lead}
		seen := map[uint32]bool{}
		for h := range 4 {
			id := b.id(h)
			if b.host(id) != h || id > 3 || seen[uint32(id)] {
				t.Errorf("lead %d: host %d is %d, which is host %d", lead, h, id, b.host(id))
			}
			seen[uint32(id)] = true
		}
		if b.id(lead) != 0 {
			t.Errorf("the lead is %d", b.id(lead))
		}
	}
}

// Before the first view nobody is told who goes on: whoever gives up names the
// host that most others are without.
func TestSilentHost(t *testing.T) {
	for _, c := range []struct {
		what       string
		n, self    int
		away       []int
		ring       []int
		silent, by int
	}{
		{"two hosts, rainrun's", 2, 0, []int{1}, []int{0}, 1, 0},
		{"two hosts, the other", 2, 1, []int{0}, []int{1}, 1, 0},
		{"rainrun's host reaches none of three", 4, 0, []int{1, 2, 3}, []int{0}, 0, 1},
		{"three that do not reach rainrun's", 4, 2, []int{0}, []int{1, 2, 3}, 0, 2},
		{"another reaches none of three", 4, 3, []int{0, 1, 2}, []int{3}, 3, 0},
		{"most do not reach another", 4, 0, []int{2}, []int{0, 1, 3}, 2, 0},
		{"two of one ring, rainrun's", 3, 0, []int{1}, []int{0, 2, 1}, 1, 0},
		{"two of one ring, the other", 3, 1, []int{0}, []int{0, 2, 1}, 1, 0},
	} {
		b := membership{mesh: &mesh{self: c.self, names: make([]string, c.n), peers: make([]*meshPeer, c.n)}}
		for h := range c.n {
			if h != c.self {
				b.mesh.peers[h] = &meshPeer{host: h}
			}
		}
		for _, h := range c.ring {
			b.ring = append(b.ring, member.Member{ID: b.id(h), Inc: 1})
		}
		silent, by, p := b.silent(c.away)
		if silent != c.silent || by != c.by || p == nil || p.host != silent && p.host != by {
			t.Errorf("%s: host %d by host %d, %+v; want %d by %d", c.what, silent, by, p, c.silent, c.by)
		}
	}
}
