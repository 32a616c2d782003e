package launcher

import "rainmpi/internal/boot"

// HostCards are the cards of one host's ranks of a world, by local rank.
type HostCards struct {
	World int
	Cards [][]byte
}

// gatherCards: a rank of this host has given its card. When all have, every
// agent gets them.
func (a *agent) gatherCards(w *world) {
	if a.mesh == nil || w.cards[a.setup.Host] != nil || len(w.ranks) == 0 {
		return
	}
	c := HostCards{World: w.number}
	for _, r := range w.ranks {
		if r.card == nil && !a.failed[r.world] {
			return
		}
		c.Cards = append(c.Cards, r.card)
	}
	a.mesh.flood(kindCards, c)
	a.hostCards(a.setup.Host, c)
}

// hostCards: all ranks of a host have given their cards. When those of all
// hosts are here, every rank of this host gets the whole table.
func (a *agent) hostCards(host int, c HostCards) {
	w := a.world(c.World)
	w.cards[host] = c.Cards
	if host != a.setup.Host && a.relays() {
		a.mesh.know(c.Cards)
	}
	a.dealCards(w)
}

// dealCards gives the ranks of this host the whole table. A rank that failed before it
// could give its card has none there.
func (a *agent) dealCards(w *world) {
	if w.start == nil || w.dealt || a.mesh == nil {
		return // another host is faster; our own ranks' cards are still to come
	}
	table := make([][]byte, w.start.Size)
	next := map[int]int{}
	for n, h := range w.start.HostOf {
		if a.without[h] && w.cards[h] == nil {
			continue
		}
		if next[h] >= len(w.cards[h]) {
			return
		}
		table[n] = w.cards[h][next[h]]
		next[h]++
	}
	w.dealt = true
	cards := &boot.Cards{Cards: table}
	if a.relays() {
		cards.Agents = a.start.Cards
	}
	for _, r := range w.ranks {
		if r.connOpen {
			conn := r.conn
			// A rank that does not read must not stop the agent.
			go func() { _ = conn.Send(boot.Message{Cards: cards}) }()
		}
	}
}

// relays reports whether agents pass on what ranks of two others say to each other: on two hosts there
// is no third.
func (a *agent) relays() bool { return a.mesh != nil && len(a.setup.Hosts) > 2 }
