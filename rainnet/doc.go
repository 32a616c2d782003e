// Package rainnet moves messages between the processes of a job over all network cards of their
// hosts at once. It knows nothing of MPI.
//
// Every card of a host is a rail. Two hosts have several paths, one for each pair of addresses that
// answers in both directions; messages are striped over the paths that are up; a cable that is cut
// costs bandwidth, and is taken back when it is mended. This is the communication layer of RAIN
// (Bohossian, Fan, LeMahieu, Riedel, Xu, Bruck, "Computing in the RAIN", IEEE TPDS 12(2), 2001).
//
// # Layers
//
// The protocol is in packages that own no socket, clock, goroutine or lock. They are plain structs
// that are told what happened and asked what they want:
//
//	rainnet          Endpoint: sockets, keys, the clock; drives the machines     this package
//	rainnet/rudp     Conn: one peer; reliable messages striped over its paths    pure
//	rainnet/link     Link: one path; pings, and the history both ends agree on   pure
//	rainnet/relay    Seeker: when a peer is talked to through a third host       pure
//	rainnet/member   Machine: the hosts that take part; the launcher drives it   pure
//	rainnet/wire     formats of packets and frames                               pure
//	rainnet/history  logs of what happened to paths; do both ends tell the same
//	rainnet/udp      Conn: one socket; batches, UDP_SEGMENT, UDP_GRO
//	rainnet/aesgcm   AES-128-GCM: the standard library's, or by vectors of 512 bits
//
// An Endpoint belongs to whoever drives it, and does nothing by itself: it starts no goroutine.
// Poll looks at everything once without blocking; FDs and Deadline say what to wait for when there
// was nothing; Wait does that for callers who may block.
//
// # The life of a packet
//
//	Peer.Send            peer.go     the message goes to the peer's machine, which copies it
//	 → Endpoint.flush    send.go     the machine writes packets into the arena (rudp.NextPacket),
//	 → track.prepare     mtu.go      a small one may be padded to ask what size the path carries,
//	 → sealer.seal       seal.go     each is encrypted where it lies, bulk data out of its memory,
//	 → collect           send.go     and joins the run of packets before it that go the same way
//	 → udp.WriteBatch    udp         one system call a rail; the kernel cuts runs into datagrams;
//	                     hold.go     what finds no room in the socket waits
//	                     doubt.go    what is refused, or told of by ICMP, is a hint
//
//	Endpoint.Poll        endpoint.go
//	 → udp.ReadBatch     receive.go  one system call; the kernel has joined runs of datagrams
//	 → sender            receive.go  which peer? for me? on the path whose end this socket is?
//	 → opener.open       seal.go     verified and decrypted into a scratch in the first-level cache
//	 → rudp.Recv         rudp        acknowledgements, pings, pieces of messages; bulk data goes
//	                                 from the scratch straight to its place in the user's memory
//	 → Handler           event.go    whole messages, in order; bulk that is complete; path events
//	 → flush             send.go     acknowledgements and answers of the whole batch leave together
//
// # Identity
//
// A peer is known by its id and by keys that only the job's members can derive (seal.go), never by
// a source address. Its Card, which the launcher carries, says where it may be reached; which pairs
// of addresses connect anything is found out by asking: docker0, bridges and private networks that
// exist on both hosts under the same address answer no ping, or one's own, which is recognised.
// Nothing is sent to a peer before the first message for it or the first packet of it.
//
// Addresses that come and go while the Endpoint lives, a card that is replaced, a lease that ends, are
// followed at both ends (changes.go).
//
// # Relays
//
// A host that has lost rail 0 and one that has lost rail 1 do not reach each other. Where RelayBy has
// named agents that may help, the packets of two such peers travel through one that reaches both, as
// those of one more path (wire.Relayed), until a direct path is up again (relayed.go).
//
// # Who may do what
//
// SECURITY.md in this folder is the threat model: what is promised against whom, and which test
// would fail if it were not kept.
//
// # When packets are lost
//
// No error of the network is an error here. What the kernel refuses, the network drops or a forger
// invents is counted (Stats) and made up for by retransmission. When no path to a peer answers its
// messages wait, and PathEvent says so; how long to wait is for those to decide who know the
// membership of the job.
package rainnet
