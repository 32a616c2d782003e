// Package cluster builds the surroundings in which other people start jobs, on
// one machine, for tests: a real Slurm with four nodes, and hosts with a real
// sshd from namespaces (bench/lab). It starts jobs there through the commands of
// this project's build and of other MPIs.
package cluster
