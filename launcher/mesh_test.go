package launcher

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"rainmpi/rainnet"
)

func newTestMesh(t *testing.T, host int, key byte, timeout time.Duration) (*mesh, chan any, *rainnet.Faults) {
	t.Helper()
	events := make(chan any, 100)
	faults := &rainnet.Faults{}
	m, err := newMesh(Setup{Host: host, Hosts: []string{"a", "b"}, Key: bytes.Repeat([]byte{key}, 32),
		Rails: []string{"127.0.0.1"}, HostTimeout: timeout}, faults, nil, events)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		select {
		case <-m.done:
		default:
			m.close()
		}
	})
	return m, events, faults
}

func meetAll(t *testing.T, ms ...*mesh) {
	t.Helper()
	var cards [][]byte
	for _, m := range ms {
		c, err := m.card()
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, c)
	}
	for _, m := range ms {
		if err := m.meet(cards); err != nil {
			t.Fatal(err)
		}
	}
}

func await[T any](t *testing.T, events chan any) T {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case ev := <-events:
			if want, ok := ev.(T); ok {
				return want
			}
		case <-limit:
			var want T
			t.Fatalf("no %T came", want)
		}
	}
}

// already returns an event that has come by now, without waiting for it.
func already[T any](events chan any) (ev T, ok bool) {
	for len(events) > 0 && !ok {
		ev, ok = (<-events).(T)
	}
	return ev, ok
}

func TestMesh(t *testing.T) {
	a, _, _ := newTestMesh(t, 0, 1, 10*time.Second)
	b, fromB, _ := newTestMesh(t, 1, 1, 10*time.Second)
	meetAll(t, a, b)
	a.flood(kindLost, Lost{Host: 0})
	ev := await[meshFrame](t, fromB)
	var l Lost
	if ev.from != 0 || ev.f.kind != kindLost || ev.f.decode(&l) != nil {
		t.Errorf("%+v", ev)
	}
}

// An agent with another key cannot join, and the message says so.
func TestMeshWrongKey(t *testing.T) {
	a, fromA, _ := newTestMesh(t, 0, 1, time.Second)
	b, fromB, _ := newTestMesh(t, 1, 2, time.Second)
	meetAll(t, a, b)
	silence := await[meshNotice](t, fromA)
	for silence.Detail {
		silence = await[meshNotice](t, fromA)
	}
	if !strings.HasPrefix(silence.Text, "host b has been silent on all rails since ") {
		t.Errorf("notice: %s", silence.Text)
	}
	for _, text := range []string{await[meshApart](t, fromA).text, await[meshFenced](t, fromB).text} {
		if !strings.HasPrefix(text, "host b did not answer host a ") || !strings.Contains(text, "another key") {
			t.Errorf("lost: %s", text)
		}
	}
}

func TestMeshBadCards(t *testing.T) {
	a, _, _ := newTestMesh(t, 0, 1, time.Second)
	c, _ := a.card()
	for _, cards := range [][][]byte{{c, []byte("nonsense")}, {c, c}, {c, nil}} {
		if err := a.meet(cards); err == nil || !strings.Contains(err.Error(), "host b") {
			t.Errorf("bad cards: %v", err)
		}
	}
}

// One that leaves in order is noticed at once.
func TestMeshClosed(t *testing.T) {
	a, _, _ := newTestMesh(t, 0, 1, time.Hour)
	b, fromB, _ := newTestMesh(t, 1, 1, time.Hour)
	meetAll(t, a, b)
	a.flood(kindLost, Lost{})
	await[meshFrame](t, fromB)
	a.close()
	if ev := await[meshClosed](t, fromB); ev.host != 0 {
		t.Errorf("%+v", ev)
	}
}

// TestLosses: what the agent's packets met is told in a line of each kind, and nothing if there was nothing.
func TestLosses(t *testing.T) {
	m := &mesh{}
	if lines := m.losses(); len(lines) > 0 {
		t.Errorf("of nothing: %q", lines)
	}
	m.stats = rainnet.Stats{Overrun: 1, TooBig: 2, NewsLost: 3}
	want := []string{"the agent dropped packets: 1 that found the receive buffer full",
		"packets of the agent were not delivered: 2 were larger than the MTU",
		"the kernel had no room for its news of cards and addresses 3 times"}
	if lines := m.losses(); !slices.Equal(lines, want) {
		t.Errorf("told %q", lines)
	}
}
