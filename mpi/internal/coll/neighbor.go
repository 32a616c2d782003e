package coll

// neighborLinear: every process exchanges with all its neighbours at once. Cost:
// max(in, out)(α + mβ). It is one round: neighbour lists know no common order in
// which rounds could follow one another without waiting for each other.
//
// A process may be the same neighbour several times. Messages between two ranks
// match in order, and in a graph the i-th edge from a to b in a's list of
// destinations is the i-th from a in b's list of sources. In a Cartesian topology
// what goes out in the negative direction of a dimension comes in from the positive
// one, as in a shift: so the two receives of a dimension are begun the other way
// round. It matters in periodic dimensions of one or two processes.
func neighborLinear(b *builder) {
	for i := range b.In {
		if b.Cart {
			i ^= 1
		}
		if b.In[i] >= 0 {
			b.recv(b.In[i], b.recvBlock(i))
		}
	}
	for i, to := range b.Out {
		if to >= 0 {
			b.send(to, b.neighborSend(i))
		}
	}
}

// neighborSend returns what goes to neighbour i: in an allgather the same to all.
func (b *builder) neighborSend(i int) Ref {
	switch b.sh.Coll {
	case NeighborAllgather, NeighborAllgatherv:
		return b.sendBuf(b.sh.SendCount)
	}
	return b.sendBlock(i)
}
