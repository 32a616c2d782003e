// Package lab builds hosts and rails on one machine from Linux namespaces,
// and breaks the rails while programs run on the hosts.
//
//	 host h1                 rail1 = a switch                 host h2
//	+----------------+      +------------------+      +----------------+
//	| net uts mnt    |      |  net namespace   |      | net uts mnt    |
//	| ipc pid        |      |                  |      | ipc pid        |
//	|          rail1 o======o h1 -- bridge -- h2 o====o rail1          |
//	|          rail2 o==+   +------------------+   +==o rail2          |
//	+----------------+  |   +------------------+   |  +----------------+
//	                    +===o h1 -- bridge -- h2 o=+
//	                        +------------------+  rail2
//
// A host has its own network, UTS, mount, IPC and PID namespace: its own
// interfaces, host name, /dev/shm, System V IPC, /etc/hosts and process table.
// Two ranks on two hosts cannot cheat through shared memory or signals. The
// file system is otherwise shared, as on a cluster with NFS.
//
// A rail is a bridge in a network namespace of its own, the switch, and a veth
// pair, the cable, to every host. Since the switch stands between the hosts,
// a carrier lost at one end is not seen at the other, as in a machine room.
//
// Config makes other wirings of it, as people have them: all rails in one subnet, or in one switch, or
// with a router between; hosts with fewer cards; IPv6 alone; a docker0 on every host; reverse path
// filters.
//
// # Faults
//
// Each cable of each rail is broken and mended by itself:
//
//	cut host       the interface is set down on the host
//	cut switch     the switch's port is set down: the host loses carrier (a pulled cable)
//	cut behind     the port leaves the bridge: nothing passes, nobody is told
//	blackhole      all frames, ARP and IPv6 too, vanish: leaving the host, coming to it, or both
//	loss           each frame is drawn for and lost with a probability
//
// The last two are nftables rules at netdev ingress, the only hook that sees
// every frame. Segmentation and receive offloads of the cable are switched off
// while frames are lost at random, so that a draw decides about one frame of
// the wire and not about 64 KiB.
//
// # Who lives and dies
//
// New starts one keeper process, PID 1 of a PID namespace that encloses the
// whole lab; under it an init process, PID 1 of each host. The keeper dies when
// its creator does (a pipe tells it, SIGKILL or not); the kernel then kills
// everything in the lab and drops the namespaces, with nothing to clean up but a
// directory of sockets: the keeper removes that, or else the next New does.
//
// Commands are started on a host by its init process, which is handed the
// caller's standard input, output and error by SCM_RIGHTS, passes on signals,
// and kills the command when its caller is gone. No setns is needed for that, so
// it works in a user namespace as well, from inside any host of the lab as from
// outside.
//
// Importing this package makes every program, test binaries included, able to
// play these roles: its init function looks at os.Args[1].
//
// # Rights
//
// As root the lab uses the namespaces directly, else inside a user namespace in
// which the caller is root. Where both are forbidden New returns an error that
// is ErrForbidden.
package lab
