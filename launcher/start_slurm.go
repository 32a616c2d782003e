package launcher

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// srunOptions: one agent on one node, beside whatever runs there. A node or an
// agent that dies is the other agents' business, not a reason for Slurm to end
// the step; the agent itself binds the ranks.
var srunOptions = []string{
	"--quiet", "--no-kill", "--overlap", "--kill-on-bad-exit=0", "--mpi=none", "--ntasks-per-node=1",
	"--nodes=1", "--ntasks=1", "--chdir=/",
}

// SlurmStart starts the agent as a job step on a node of the allocation that
// rainrun runs in. It is used for this node too: what runs in a step is what
// Slurm counts and scancel ends.
func SlurmStart(exe string) StartMethod {
	return func(host string) []string {
		words := append([]string{"srun"}, srunOptions...)
		words = append(words, "--nodelist="+host)
		return append(words, agentCommand(exe)...)
	}
}

// widen takes back what Slurm may have done to the one task of an agent's step,
// which is to bind it to one core: the ranks may use all that the job has on this
// node. (--cpu-bind=none would do, but is a warning where nothing binds.) It
// counts for what this thread starts.
func widen() {
	here, err := strconv.Atoi(os.Getenv("SLURM_CPUS_ON_NODE"))
	var mask unix.CPUSet
	if err != nil || os.Getenv("SLURM_STEP_ID") == "" || unix.SchedGetaffinity(0, &mask) != nil || mask.Count() >= here {
		return
	}
	for cpu := range len(mask) * 64 {
		mask.Set(cpu)
	}
	_ = unix.SchedSetaffinity(0, &mask) // the kernel keeps it inside the job's cgroup
}
