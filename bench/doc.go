// Package bench measures MPI implementations with one C program, bench/c, that
// is compiled with each implementation's own mpicc and started by its own
// launcher, on this machine or between the hosts of a lab.
//
// Machines are noisy, so nothing is compared with figures of another day: the
// implementations take turns, run by run, and medians are compared.
package bench
