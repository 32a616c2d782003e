// Package launcher starts the ranks of a job and owns their lives.
//
// rainrun plans the job (hosts, slots, mapping) and starts one agent per host.
// The agent's standard input and output are the start channel: framed messages
// (channel.go), the only way by which the job's key travels. Agents also talk
// to each other over rainnet (mesh.go), so that the job outlives a broken
// start channel.
//
//	rainrun ── start channel ──► guardian ─► agent ─► ranks
//	                             (one per host)  │
//	                                             └── rainnet ── the other agents
//
// Who dies with whom:
//
//   - A rank dies with its agent: it is forked from a thread that never ends,
//     with PR_SET_PDEATHSIG.
//
//   - The guardian is the agent's parent and a child subreaper. When the agent
//     is killed, everything the agent had started becomes the guardian's child;
//     the guardian kills it, says goodbye on the start channel, and exits.
//
//   - The agent is a subreaper too. When the guardian is killed, the agent ends
//     the job and all its descendants.
//
//   - When rainrun is killed or its terminal is gone, the agents see the end of
//     the start channel. An agent alone ends its ranks at once; several agents
//     do when all of them have lost rainrun, and until then send through one
//     that still has it.
//
//   - A host that is cut off from the others, or whose agent is dead without a word,
//     is removed by the membership that the agents run among them (membership.go,
//     rainnet/member), and the job ends. A host without a majority ends its ranks
//     by itself, before that.
//
// With --on-failure continue (failure.go, job_failure.go) the end of a rank, or of a host,
// is told to the ranks of the others instead of ending them.
//
// Ranks may spawn worlds (spawns.go, world.go); a world fails alone if it is not
// connected with the one that rainrun has started (ties.go).
//
// What the agents send is decided upon in one place: job.go of rainrun holds
// the job's state, prints the one message that says why a job failed, and
// chooses the exit status.
package launcher
