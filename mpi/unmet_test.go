package mpi

import (
	"testing"
	"time"

	"rainmpi/internal/boot"
	"rainmpi/rainnet"
	"rainmpi/rainnet/wire"
)

// deafHandler drives nothing.
type deafHandler struct{}

func (deafHandler) Message(*rainnet.Peer, []byte)         {}
func (deafHandler) BulkSent(*rainnet.Peer, uint64)        {}
func (deafHandler) BulkDone(*rainnet.Peer, uint64)        {}
func (deafHandler) Path(*rainnet.Peer, rainnet.PathEvent) {}
func (deafHandler) Room(*rainnet.Peer)                    {}

// TestUnmetRanks: a rank tells of one that it does not reach and has something for, and of one that it has
// reached and that is silent, with or without; and of the end of either.
func TestUnmetRanks(t *testing.T) {
	e, err := bareEngine(defaultOptions())
	if err != nil {
		t.Fatal(err)
	}
	var faults rainnet.Faults
	var eps []*rainnet.Endpoint
	for id := range wire.PeerID(3) {
		ep, err := rainnet.Open(rainnet.Config{ID: 1 + id, Key: make([]byte, 32), Rails: []string{"127.0.0.1"}, Faults: &faults}, deafHandler{})
		if err != nil {
			t.Fatal(err)
		}
		defer ep.Close()
		eps = append(eps, ep)
	}
	e.net = &net{e: e, rails: eps[0]}
	for i, far := range eps {
		p := &proc{index: i}
		if i > 0 {
			if p.peer, err = eps[0].AddPeer(far.Card()); err != nil {
				t.Fatal(err)
			}
			if _, err := far.AddPeer(eps[0].Card()); err != nil {
				t.Fatal(err)
			}
		}
		e.procs = append(e.procs, p)
	}
	one, other := e.procs[1], e.procs[2]
	until := func(what string, done func() bool) {
		t.Helper()
		for end := time.Now().Add(20 * time.Second); !done(); {
			if time.Now().After(end) {
				t.Fatalf("not in 20 s: %s", what)
			}
			for _, ep := range eps {
				ep.Poll()
			}
			time.Sleep(time.Millisecond)
		}
	}
	u := unmetRanks{map[*proc]*unmetRank{}, map[*proc]bool{}}
	tick := func(want ...boot.Unmet) {
		t.Helper()
		got := e.unmet(&u)
		for i, m := range got {
			if i < len(want) && (m.Rank != want[i].Rank || m.Met != want[i].Met || m.Over != want[i].Over || m.For != want[i].For) {
				t.Errorf("%+v, want %+v", *m, want[i])
			}
			if !m.Over && (len(m.At) != 1 || len(m.From) != 1 || m.At[0] == m.From[0]) {
				t.Errorf("from %v to %v", m.From, m.At)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%d are told, want %d: %+v", len(got), len(want), want)
		}
	}
	dark := func(lost bool) { faults.Drop(0, lost) }

	dark(true)
	tick() // nobody has anything for anybody
	one.peer.Send([]byte("x"), nil)
	tick(boot.Unmet{Rank: 1, For: unmetTick})
	tick(boot.Unmet{Rank: 1, For: 2 * unmetTick})
	dark(false)
	other.peer.Send([]byte("x"), nil)
	until("both are reached", func() bool {
		return one.peer.Reached() && other.peer.Reached() && one.peer.Backlog()+other.peer.Backlog() == 0
	})
	tick(boot.Unmet{Rank: 1, Over: true, Met: true})
	tick()

	heard := time.Now()
	dark(true)
	until("both are silent", func() bool { return one.peer.Silent() && other.peer.Silent() })
	for i := range time.Duration(3) { // nothing waits, and they are told of one
		tick(boot.Unmet{Rank: 1, Met: true, For: (i + 1) * unmetTick})
	}
	if r := u.tried[one]; r == nil || r.since.Sub(heard).Abs() > 300*time.Millisecond {
		t.Errorf("%+v, and it was last heard at %v", r, heard)
	}
	e.net.rails.RemovePeer(one.peer)
	one.failed = true
	tick(boot.Unmet{Rank: 2, Met: true, For: 4 * unmetTick}, boot.Unmet{Rank: 1, Over: true}) // the next first
	dark(false)
	until("the other answers", other.peer.Reached)
	tick(boot.Unmet{Rank: 2, Over: true, Met: true})
	tick()
}
