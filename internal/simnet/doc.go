// Package simnet runs the machines of rainnet against a network that does
// everything a network may do, in virtual time, all of it drawn from one seed:
// loss, runs of losses, duplication, copies that come seconds later, reordering,
// delay, rates with queues, paths that die in one or both directions and come
// back, cards without carrier, hosts that are stopped or have fewer cards than
// others, paths that take shorter packets than they did.
//
// A seed is a run of at least MinPackets packets and MinFaults faults. It ends
// when all that was sent has arrived and every path is back. Run it again with
//
//	go test ./internal/simnet -v -run TestSeeds -seed 42 -steps
//
// The checkers stand outside the machines. They believe what they see on the
// wires and at the interface of a Conn, never what a machine says of itself:
//
//	messages.go   ordered messages: exactly once, in order, right content
//	bulk.go       bulk data: each byte once, right content, no byte outside,
//	              none after Done or Forget, no look at the source after Sent
//	histories.go  both ends' histories: no lead over N, equal when quiet
//	progress.go   delivery goes on while a path lives; no deadline spins
//	packets.go    packet numbers never come twice, packets fit their path
//	addresses.go  what is told of addresses arrives, the newest last
//	hints.go      a hint that a path is dead, true or a lie, moves nothing by itself
//	relays.go     a third host is used while no direct path is there, and only then
//	memory.go     what hangs on a Conn is bounded
//
// The simulator has to be able to fail: bugs_test.go plants faults in the
// machines one by one, and each must be found.
//
//	sim, network.go        virtual time; cards, wires, queues
//	plan.go, fault.go      what a seed draws: hosts, paths, faults
//	narrow.go              paths that come to take shorter packets
//	end.go                 drives one rudp.Conn, as rainnet.Endpoint does
//	traffic.go             what applications ask of it
//	links.go               the link machines alone, under worse than a Conn does to them
//	run.go                 one seed from beginning to end
package simnet
