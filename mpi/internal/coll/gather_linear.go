package coll

// gatherLinear: everybody sends to the root. Cost: (p-1)(α + mβ) at the root; no
// copies, and the only way for gatherv, where only the root knows the counts.
func gatherLinear(b *builder) {
	root := b.sh.Root
	if b.rank != root {
		b.send(root, b.sendBuf(b.sh.SendCount))
		return
	}
	for i := 1; i < b.size; i++ {
		from := mod(root+i, b.size)
		b.recv(from, b.recvBlock(from))
	}
	if !b.sh.InPlace {
		b.copy(b.recvBlock(root), b.sendBuf(b.sh.SendCount))
	}
}

// scatterLinear: the root sends to everybody. Cost: (p-1)(α + mβ) at the root.
func scatterLinear(b *builder) {
	root := b.sh.Root
	if b.rank != root {
		b.recv(root, b.recvBuf(b.sh.RecvCount))
		return
	}
	for i := 1; i < b.size; i++ {
		to := mod(root+i, b.size)
		b.send(to, b.sendBlock(to))
	}
	if !b.sh.InPlace {
		b.copy(b.recvBuf(b.sh.RecvCount), b.sendBlock(root))
	}
}

// recvBlock returns the receive buffer's block of rank i, with the call's counts
// and displacements where it has them.
func (b *builder) recvBlock(i int) Ref {
	r := Ref{Buf: RecvBuf, Type: RecvType}
	switch b.sh.Coll {
	case Gatherv, Allgatherv, Alltoallv, NeighborAllgatherv, NeighborAlltoallv:
		return b.at(r, b.v.RecvDispls[i], b.v.RecvCounts[i])
	case Alltoallw, NeighborAlltoallw:
		return Ref{Buf: RecvBuf, Type: TypeAt(len(b.v.SendTypes) + i), Off: b.v.RecvDispls[i], Count: b.v.RecvCounts[i]}
	}
	return b.at(r, int64(i)*b.sh.RecvCount, b.sh.RecvCount)
}

// sendBlock returns the send buffer's block for rank i.
func (b *builder) sendBlock(i int) Ref {
	r := Ref{Buf: SendBuf, Type: SendType}
	switch b.sh.Coll {
	case Scatterv, Alltoallv, NeighborAlltoallv:
		return b.at(r, b.v.SendDispls[i], b.v.SendCounts[i])
	case Alltoallw, NeighborAlltoallw:
		return Ref{Buf: SendBuf, Type: TypeAt(i), Off: b.v.SendDispls[i], Count: b.v.SendCounts[i]}
	}
	return b.at(r, int64(i)*b.sh.SendCount, b.sh.SendCount)
}
