package mpi

import (
	"cmp"
	"slices"

	"rainmpi/rainnet/wire"
)

// Intercommunicators (MPI 5.0 section 7.6): two groups that do not overlap, each
// of which addresses the other. Each keeps an intracommunicator of its local
// group for what it has to agree on by itself.

// CreateInter joins c's group with another one (MPI_Intercomm_create). All of
// both groups call it, each on its own communicator. The leaders, localLeader in
// c and remoteLeader in peer, find each other by peer, which only they need to
// give, and tag.
func (c *Comm) CreateInter(localLeader int, peer *Comm, remoteLeader, tag int) (*Comm, error) {
	if err := c.checkIntra(); err != nil {
		return nil, err
	}
	if localLeader < 0 || localLeader >= c.Size() {
		return nil, errorf(ErrRank, "the local leader is rank %d; the communicator has ranks 0 to %d", localLeader, c.Size()-1)
	}
	var theirs []int64 // the agreed context, then peer ids
	var failed error
	if c.rank == localLeader {
		theirs, failed = c.meet(peer, remoteLeader, tag)
	}
	theirs, err := c.spread(theirs, localLeader)
	if err := cmp.Or(failed, err); err != nil {
		return nil, err
	}
	if len(theirs) == 0 {
		return nil, errorf(ErrComm, "the leader, rank %d, could not reach the other group; its error says why", localLeader)
	}
	mine := c.e.ids(c.group)
	ids := make([]wire.PeerID, len(theirs)-1)
	for i, w := range theirs[1:] {
		ids[i] = wire.PeerID(w)
		if slices.Contains(mine, ids[i]) {
			return nil, errorf(ErrComm, "process %d is in both groups of the intercommunicator", w)
		}
	}
	remote, err := c.acquaint(mine, ids, localLeader, peer, remoteLeader, tag)
	if err != nil {
		return nil, err
	}
	inter := c.e.newInter(contextID(theirs[0]), c.group, c.e.group(remote))
	c.e.report()
	return inter, nil
}

// acquaint makes the processes of two groups, whose leaders can talk to each other,
// known to each other, and returns the others' places in the engine's table. In one
// world they know each other.
func (c *Comm) acquaint(mine, theirs []wire.PeerID, localLeader int, peer *Comm, remoteLeader, tag int) ([]int32, error) {
	e := c.e
	if at, ok := e.inWorld(theirs); ok {
		if _, ok := e.inWorld(mine); ok {
			return at, nil
		}
	}
	return c.introduced(localLeader, func(mine []byte) ([]byte, error) {
		length := []int64{0}
		if err := swap(peer, []int64{int64(len(mine))}, length, remoteLeader, tag); err != nil {
			return nil, err
		}
		theirs := make([]byte, length[0])
		return theirs, swap(peer, mine, theirs, remoteLeader, tag)
	})
}

func (c *Comm) checkIntra() error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Inter() {
		return errorf(ErrComm, "the communicator is an intercommunicator; this call needs an intracommunicator")
	}
	return nil
}

// meet exchanges with the other leader what the groups need to know. Both make a
// context, and the larger is taken.
func (c *Comm) meet(peer *Comm, remoteLeader, tag int) ([]int64, error) {
	if err := peer.check(); err != nil {
		return nil, err
	}
	if remoteLeader == ProcNull {
		return nil, errorf(ErrRank, "the remote leader is MPI_PROC_NULL")
	}
	if err := peer.checkPeer(remoteLeader, "the remote leader", false); err != nil {
		return nil, err
	}
	if err := peer.checkTag(tag); err != nil {
		return nil, err
	}
	ctx, err := c.e.newContext()
	if err != nil {
		return nil, err
	}
	mine := []int64{int64(ctx)}
	for _, id := range c.e.ids(c.group) {
		mine = append(mine, int64(id))
	}
	length := []int64{0}
	if err := swap(peer, []int64{int64(len(mine))}, length, remoteLeader, tag); err != nil {
		return nil, err
	}
	theirs := make([]int64, length[0])
	err = swap(peer, mine, theirs, remoteLeader, tag)
	theirs[0] = max(theirs[0], mine[0])
	return theirs, err
}

// swap exchanges data with a peer that does the same, apart from the program's own
// messages.
func swap[T any](c *Comm, send, recv []T, peer, tag int) error {
	e := c.e
	hidden := -16 - tag
	e.mu.Lock()
	r, s := e.newRequest(recvRequest), e.newRequest(sendRequest)
	r.bind(c, Slice(recv))
	s.bind(c, Slice(send))
	e.startRecv(r, peer, hidden, c.ctx+collContext)
	e.startSend(s, Standard, peer, hidden, c.ctx+collContext)
	e.mu.Unlock()
	_, err := r.Wait()
	if _, serr := s.Wait(); err == nil {
		err = serr
	}
	return err
}

// spread gives the root's numbers, of which the others do not know how many
// there are, to all.
func (c *Comm) spread(numbers []int64, root int) ([]int64, error) {
	n := []int64{int64(len(numbers))}
	if err := Bcast(c, n, root); err != nil {
		return nil, err
	}
	if c.rank != root {
		numbers = make([]int64, n[0])
	}
	return numbers, Bcast(c, numbers, root)
}

// newInter makes an intercommunicator. The local groups do not overlap, so that
// both use one context for their own communicators.
func (e *engine) newInter(ctx contextID, local, remote *Group) *Comm {
	c := &Comm{e: e, ctx: ctx, rank: local.rank, group: local, remote: remote, bsends: BsendBuffer{e: e}}
	c.local = e.bareComm(local)
	c.setContext(ctx)
	c.tie(1)
	return c
}

// Merge makes an intracommunicator of both groups (MPI_Intercomm_merge). The
// group that gives high comes last; if both give the same, that of the lower
// first process comes first. All of one group must give the same.
func (c *Comm) Merge(high bool) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	if !c.Inter() {
		return nil, errorf(ErrComm, "the communicator is no intercommunicator")
	}
	ctx, err := c.agreeContext()
	if err != nil {
		return nil, err
	}
	mine, theirs := []int64{0}, []int64{0}
	if high {
		mine[0] = 1
	}
	if err := Allreduce(c, mine, theirs, Max); err != nil {
		return nil, err
	}
	last := mine[0] > theirs[0]
	if mine[0] == theirs[0] {
		last = c.e.at(c.group.ranks[0]).id > c.e.at(c.remote.ranks[0]).id
	}
	ranks := slices.Concat(c.group.ranks, c.remote.ranks)
	if last {
		ranks = slices.Concat(c.remote.ranks, c.group.ranks)
	}
	return c.e.made(ctx, c.e.group(ranks))
}

// createInter is Create on an intercommunicator: each group gives a subgroup of
// its own. Where one is empty nobody gets anything.
func (c *Comm) createInter(g *Group) (*Comm, error) {
	ctx, err := c.agreeContext()
	if err != nil {
		return nil, err
	}
	at := []int64{int64(g.rank)}
	all := make([]int64, len(c.remote.ranks))
	if err := c.Allgather(Slice(at), Buffer{Addr: Slice(all).Addr, Count: 1, Type: DatatypeOf[int64]()}); err != nil {
		return nil, err
	}
	var members []int
	for r, k := range all {
		if k != Undefined {
			members = append(members, r)
		}
	}
	slices.SortFunc(members, func(a, b int) int { return cmp.Compare(all[a], all[b]) })
	return c.part(ctx, g, members)
}

// part makes the intercommunicator of g and some of the remote group.
func (c *Comm) part(ctx contextID, g *Group, remote []int) (*Comm, error) {
	if g.rank == Undefined || len(remote) == 0 {
		return nil, nil
	}
	far, err := c.remote.Incl(remote)
	if err != nil {
		return nil, err
	}
	return c.e.newInter(ctx, g, far), nil
}

// splitInter is Split on an intercommunicator: processes of both groups with one
// color come together.
func (c *Comm) splitInter(color, key int) (*Comm, error) {
	ctx, err := c.agreeContext()
	if err != nil {
		return nil, err
	}
	mine := []int64{int64(color), int64(key)}
	ours, theirs := make([]int64, 2*c.Size()), make([]int64, 2*len(c.remote.ranks))
	if err := Allgather(c.local, mine, ours); err != nil {
		return nil, err
	}
	if err := c.Allgather(Slice(mine), Buffer{Addr: Slice(theirs).Addr, Count: 2, Type: DatatypeOf[int64]()}); err != nil {
		return nil, err
	}
	if color == Undefined {
		return nil, nil
	}
	g, err := c.group.Incl(ofColor(ours, color))
	if err != nil {
		return nil, err
	}
	return c.part(ctx, g, ofColor(theirs, color))
}

// ofColor returns the ranks of a color, ordered by key, then by rank. all holds
// color and key of each rank.
func ofColor(all []int64, color int) []int {
	var members []int
	for r := range len(all) / 2 {
		if all[2*r] == int64(color) {
			members = append(members, r)
		}
	}
	slices.SortStableFunc(members, func(a, b int) int { return cmp.Compare(all[2*a+1], all[2*b+1]) })
	return members
}
