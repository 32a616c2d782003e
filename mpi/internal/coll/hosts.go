package coll

// The algorithms of this file go through one leader per host, so that as few
// messages as possible leave a host. They are other algorithms, put together: a
// tree in each host and something between the leaders.

// hosts is how a group lies on hosts.
type hosts struct {
	lists [][]int // the ranks of each host, ascending; hosts in the order of their first rank
	mine  int     // index of our host
}

func (g *Group) hosts() hosts {
	var h hosts
	index := map[int]int{}
	for rank, host := range g.HostOf {
		i, ok := index[host]
		if !ok {
			i = len(h.lists)
			index[host] = i
			h.lists = append(h.lists, nil)
		}
		h.lists[i] = append(h.lists[i], rank)
		if rank == g.Rank {
			h.mine = i
		}
	}
	return h
}

// severalHosts: with one rank per host, or all on one, there is nothing to gain.
func severalHosts(g *Group, _ *Shape) bool {
	n := len(g.hosts().lists)
	return n > 1 && n < g.Size
}

// reducibleHosts: if the operation does not commute, the ranks of a host must
// follow one another.
func reducibleHosts(g *Group, s *Shape) bool {
	return severalHosts(g, s) && (s.Commutative || g.hosts().runs())
}

// runs reports whether each host's ranks follow one another.
func (h hosts) runs() bool {
	for _, l := range h.lists {
		if l[len(l)-1]-l[0] != len(l)-1 {
			return false
		}
	}
	return true
}

// leaders returns one rank of each host, the lowest or root, and where root is
// among them.
func (h hosts) leaders(root int) (ranks []int, rootAt int) {
	for i, l := range h.lists {
		leader := l[0]
		for _, r := range l {
			if r == root {
				leader, rootAt = r, i
			}
		}
		ranks = append(ranks, leader)
	}
	return ranks, rootAt
}

// leaderAt returns where our host's leader is among its ranks.
func (h hosts) leaderAt(leaders []int) int {
	for i, r := range h.lists[h.mine] {
		if r == leaders[h.mine] {
			return i
		}
	}
	panic("coll: a host's leader is not among its ranks")
}

// barrierHosts: the ranks of a host report to their leader, the leaders meet, and
// release their hosts. Cost: 2⌈log p/hosts⌉ α within hosts + ⌈log hosts⌉ α between.
func barrierHosts(b *builder) {
	h := b.hosts()
	leaders, _ := h.leaders(-1)
	b.in(h.lists[h.mine], b.reportTree)
	b.in(leaders, func() { barrierDissemination(b) })
	b.in(h.lists[h.mine], b.releaseTree)
}

// reportTree ends at rank 0 of the group when all have begun it.
func (b *builder) reportTree() {
	for d := 1; d < b.size; d *= 2 {
		if b.rank&d != 0 {
			b.signal(b.rank-d, Ref{})
			break
		}
		if b.rank+d < b.size {
			b.await(b.rank+d, Ref{})
		}
	}
	b.fence()
}

// releaseTree ends at each rank when rank 0 has begun it.
func (b *builder) releaseTree() {
	low := 1
	for low < b.size && b.rank&low == 0 {
		low *= 2
	}
	if b.rank != 0 {
		b.await(b.rank-low, Ref{})
		b.fence()
	}
	for d := low / 2; d > 0; d /= 2 {
		if b.rank+d < b.size {
			b.signal(b.rank+d, Ref{})
		}
	}
	b.fence()
}

// bcastHosts: a tree among the leaders, then one in each host.
func bcastHosts(b *builder) {
	h := b.hosts()
	leaders, root := h.leaders(b.sh.Root)
	buf := b.recvBuf(b.sh.RecvCount)
	b.in(leaders, func() { b.bcastTree(buf, root) })
	b.in(h.lists[h.mine], func() { b.bcastTree(buf, h.leaderAt(leaders)) })
}

// reduceHosts: a tree in each host, then one among the leaders.
func reduceHosts(b *builder) {
	h := b.hosts()
	leaders, root := h.leaders(b.sh.Root)
	in, fixed := b.input(b.sh.RecvCount)
	out := b.recvBuf(b.sh.RecvCount)
	part := out
	if b.rank != b.sh.Root {
		part = b.room(RecvType, out.Count)
	}
	b.in(h.lists[h.mine], func() { b.reduceTree(in, fixed, part, h.leaderAt(leaders)) })
	b.in(leaders, func() { b.reduceTree(part, false, out, root) })
}

// allreduceHosts: a tree to the leader in each host, exchanges among the leaders,
// and a tree back.
func allreduceHosts(b *builder) {
	h := b.hosts()
	leaders, _ := h.leaders(-1)
	in, fixed := b.input(b.sh.RecvCount)
	out := b.recvBuf(b.sh.RecvCount)
	b.in(h.lists[h.mine], func() { b.reduceTree(in, fixed, out, 0) })
	b.in(leaders, func() { b.allreduceExchange(out, false, out) })
	b.in(h.lists[h.mine], func() { b.bcastTree(out, 0) })
}
