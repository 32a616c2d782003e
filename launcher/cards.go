package launcher

import "rainmpi/internal/boot"

// HostCards are the cards of one host's ranks, by local rank.
type HostCards struct{ Cards [][]byte }

// gatherCards: a rank of this host has given its card. When all have, every
// agent gets them.
func (a *agent) gatherCards() {
	if a.mesh == nil || a.cards[a.setup.Host] != nil {
		return
	}
	var c HostCards
	for _, r := range a.ranks {
		if r.card == nil {
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
	a.cards[host] = c.Cards
	if a.start == nil {
		return // another host is faster; startRanks looks again
	}
	table := make([][]byte, a.start.Size)
	next := map[int]int{}
	for w, h := range a.start.HostOf {
		if next[h] >= len(a.cards[h]) {
			return
		}
		table[w] = a.cards[h][next[h]]
		next[h]++
	}
	for _, r := range a.ranks {
		if r.connOpen {
			conn := r.conn
			// A rank that does not read must not stop the agent.
			go func() { _ = conn.Send(boot.Message{Cards: &boot.Cards{Cards: table}}) }()
		}
	}
}
