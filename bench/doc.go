// Package bench measures MPI implementations with one C program, bench/c, that
// is compiled with each implementation's own mpicc and started by its own
// launcher, on this machine or between the hosts of a lab.
//
// Machines are noisy, so nothing is compared with figures of another day: the
// implementations take turns, run by run, and medians are compared.
//
// # What happens when something fails
//
// One command for each question; --peers openmpi,mpich lets others take turns, --json FILE keeps
// goodput and bytes of every rail each 10 ms and what both ends say of their paths:
//
//	rainbench faults --scenario cut --trials 20            carrier lost at one end of one rail: longest gap
//	rainbench faults --scenario black-hole --trials 20     a rail swallows everything, in any direction
//	rainbench faults --scenario repair --trials 20         the rate before, during and after
//	rainbench faults --scenario loss --loss 1%             and --loss 5%: the rate under random loss
//	rainbench faults --scenario loss --loss 5% --down 600 --trials 1    does a path go down in ten minutes
//	rainbench faults --scenario lossy-rail                 one of two rails loses 5 %: never slower than without it
//	rainbench faults --scenario flap                       a rail that comes and goes
//	rainbench faults --scenario slow-rail                  1 Gbit/s beside 100 Mbit/s
//	rainbench faults --scenario crossed-rails              no common rail, and a host between that has both
//
// # How full rails are
//
//	rainbench rails --rails 1,2,4,8                        equal rails: one way, both ways, latency
//	rainbench rails --rails 2 --rate 1gbit,100mbit         unequal ones
//
// beside the line rate, with the least that any rail carried of its share. --peers lets others take
// turns, --sizes and --tests choose.
//
// # Threads
//
//	rainbench pt2pt --tests threads --threads 2 -n 2       pairs of threads with a communicator each: all together
//	rainbench pt2pt --tests threads --threads 2 -n 1       the same inside one process, each with itself
//	rainbench pt2pt --tests beside --sizes 8               a short message's latency while another pair moves 64 MiB
//
// # Where the time goes
//
// PROFILE.md in this folder has the shares of each hot path, and the commands that print them again.
package bench
