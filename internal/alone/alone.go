// Package alone makes the environment of a test that of somebody who has just logged in on a plain host. Tests that start
// jobs are themselves started from allocations of batch systems, under launchers, in labs, and by people who have told
// rainrun or their compiler something; all of that reaches jobs by variables.
package alone

import (
	"os"
	"strings"
)

// told are variables, by how they begin. Those that tell tests how much to do (RAIN_KILLS and the like) stay.
var told = []string{
	"SLURM", "PMI_", "PMIX_", "PRTE_", "HYDI_", "HYDRA_", "OMPI_", "MPICH_", "MPIEXEC_", "MPI_", "K_MPI_", "RAINLAB",
	"RAIN_AGENT", "RAIN_APPNUM", "RAIN_COLL", "RAIN_FAULTS", "RAIN_HISTORY", "RAIN_LOCAL_RANK", "RAIN_PORTS", "RAIN_RAILS", "RAIN_RANK",
	"RAIN_SIZE", "RAIN_WORLD",
}

// Clear takes them out of the environment of this process, and has other programs speak the language that tests read.
// It is for TestMain, where the process is not a rank or another part of a test.
func Clear() {
	for _, kv := range os.Environ() {
		for _, t := range told {
			if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, t) {
				os.Unsetenv(name)
			}
		}
	}
	os.Setenv("LC_ALL", "C")
}
