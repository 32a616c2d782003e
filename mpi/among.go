package mpi

import (
	"fmt"
	"os"
	"strconv"
)

// sayAlone tells people, once, that the processes that a launcher has started together
// are not together: it gives them no PMI that this library speaks, so each is a job of
// one rank. That looks like a program that works, and is asked about often.
func sayAlone() {
	if text := among(); text != "" {
		fmt.Fprintf(os.Stderr, "rainmpi: %s\n", text)
	}
}

// among is what to say in the first process of a launcher's; empty: nothing. A batch
// script is a task of its job, but of no step.
func among() string {
	count := func(name string) int { n, _ := strconv.Atoi(os.Getenv(name)); return n }
	const each = "each is a job of one rank. Start them by "
	switch {
	case count("SLURM_STEP_NUM_TASKS") > 1 && os.Getenv("SLURM_PROCID") == "0":
		return fmt.Sprintf("srun has started %d tasks without PMI: %ssrun --mpi=pmi2 or by rainrun", count("SLURM_STEP_NUM_TASKS"), each)
	case count("OMPI_COMM_WORLD_SIZE") > 1 && os.Getenv("OMPI_COMM_WORLD_RANK") == "0" && os.Getenv("PMIX_NAMESPACE") != "":
		return fmt.Sprintf("the mpirun of another MPI has started %d processes by PMIx, which rainmpi does not speak: %srainrun", count("OMPI_COMM_WORLD_SIZE"), each)
	}
	return ""
}
