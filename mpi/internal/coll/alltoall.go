package coll

// alltoallPairwise: p-1 rounds of one exchange each. Cost: (p-1)(α + mβ); the
// least memory and the least crowding, for long messages.
func alltoallPairwise(b *builder) {
	if b.sh.InPlace {
		alltoallReplace(b)
		return
	}
	b.exchange(1, b.sendBlock)
}

// alltoallLinear: exchanges with many ranks at the same time, nearest ranks
// first. Cost: (p-1)(α + mβ), with the α overlapping.
func alltoallLinear(b *builder) {
	from := b.sendBlock
	if b.sh.InPlace {
		from = b.packedBlocks()
	}
	b.exchange(linearWindow, from)
}

// linearWindow bounds the messages that a rank has under way each way: beyond, a
// network card gains nothing, and the ranks' queues have bounds.
const linearWindow = 32

// exchange sends block(i) to each rank i. Rank r sends to r+k while r+k receives
// from (r+k)-k: both ends have the exchange in the same round.
func (b *builder) exchange(window int, block func(i int) Ref) {
	b.copy(b.recvBlock(b.rank), block(b.rank))
	for k := 1; k < b.size; k += window {
		end := min(k+window, b.size)
		for i := k; i < end; i++ {
			from := mod(b.rank-i, b.size)
			b.recv(from, b.recvBlock(from))
		}
		for i := k; i < end; i++ {
			to := mod(b.rank+i, b.size)
			b.send(to, block(to))
		}
		b.fence()
	}
}

// packedBlocks copies what an in-place call sends out of the receive buffer.
func (b *builder) packedBlocks() func(i int) Ref {
	blocks := make([]Ref, b.size)
	for i := range blocks {
		blocks[i] = b.room(Bytes, b.bytes(b.recvBlock(i)))
		b.copy(blocks[i], b.recvBlock(i))
	}
	return func(i int) Ref { return blocks[i] }
}

// alltoallReplace: in place, by p rounds in each of which the ranks pair off and
// swap a block. The only extra memory is one block.
func alltoallReplace(b *builder) {
	var most int64
	for i := range b.size {
		most = max(most, b.bytes(b.recvBlock(i)))
	}
	tmp := b.room(Bytes, most)
	for k := range b.size {
		peer := mod(k-b.rank, b.size)
		if peer == b.rank {
			continue
		}
		block := b.recvBlock(peer)
		got := b.at(tmp, 0, b.bytes(block))
		b.recv(peer, got)
		b.send(peer, block)
		b.fence()
		b.copy(block, got)
	}
}
