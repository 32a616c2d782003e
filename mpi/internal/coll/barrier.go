package coll

// barrierDissemination: in round k every rank tells the one 2^k above it that it
// and all it has heard of have arrived. Cost: ⌈log p⌉ α.
// (Hensgen, Finkel and Manber, "Two algorithms for barrier synchronization", 1988.)
func barrierDissemination(b *builder) {
	for d := 1; d < b.size; d *= 2 {
		b.signal(mod(b.rank+d, b.size), Ref{})
		b.await(mod(b.rank-d, b.size), Ref{})
		b.fence()
	}
}
