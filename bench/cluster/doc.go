// Package cluster builds the surroundings in which other people start jobs, on
// one machine: a real Slurm with nodes on one host of a lab (bench/lab), and
// hosts of a lab with a real sshd. All of it ends with the lab, and so with the
// process that made it, however that ends. Its tests start jobs there through the
// commands of this project's build and of other MPIs.
package cluster
