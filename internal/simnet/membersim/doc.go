// Package membersim runs the machines of rainnet/member against a network and
// hosts that do everything they may do, in virtual time, all of it drawn from one
// seed: loss, copies that come seconds later, cuts in one direction or both,
// partitions, hosts that crash with and without a goodbye, that start again, that
// are stopped and wake with the clock seconds ahead. Run a seed again with
//
//	go test ./internal/simnet/membersim -v -run TestSeeds -seed 42 -steps
//
// The checkers stand outside the machines (check.go). They believe what a machine
// tells its user, never what it thinks:
//
//   - whoever is primary at an instant is a member of the newest confirmed view;
//   - at most one member holds the token of the primary, and at most one the lock;
//   - all members get the same views and messages at the same places of one order,
//     without a gap, each message once, those of one sender in its order;
//   - a life that was fenced is never primary again;
//   - when nothing is broken for long enough, all that live are one ring; if there
//     is a primary, its view holds all of them and nobody else; there is one if all
//     hosts live, and if one was left to more than half of them;
//   - what a member that has lived through it all has sent has come.
//
// bugs_test.go plants faults in the machine one by one, and each must be found.
//
//	world.go    virtual time, the network, hosts and what drives them
//	fault.go    what a seed draws
//	check.go    what must hold
//	run.go      one seed from beginning to end
//	detect.go   how long it takes until a crash is known, for 2 to 256 hosts
package membersim
