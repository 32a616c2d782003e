package launcher

import (
	"fmt"
	"strconv"
	"strings"

	"rainmpi/internal/boot"
	"rainmpi/internal/pmi"
)

// foreign are the variables that make a process a rank. They are taken out of
// what a rank inherits: rainrun may itself run under srun, mpirun or rainrun.
var foreign = []string{
	boot.EnvAgent, boot.EnvWorld, boot.EnvRank, boot.EnvSize, boot.EnvLocalRank,
	"PMI_", "PMIX_", "HYDI_", "HYDRA_PROXY", "OMPI_COMM_WORLD_", "OMPI_UNIVERSE_SIZE", "OMPI_APP_CTX_", "OMPI_FIRST_RANKS", "PRTE_", "MPI_LOCALRANKID", "MPI_LOCALNRANKS",
	"SLURM_PROCID=", "SLURM_LOCALID=", "SLURM_GTIDS=", "SLURM_TASK_PID=",
}

// ofOneHost are variables that are true on one host only; they do not travel.
var ofOneHost = []string{
	"HOME=", "USER=", "LOGNAME=", "SHELL=", "MAIL=", "PWD=", "OLDPWD=", "SHLVL=", "_=",
	"HOSTNAME=", "HOST=", "SSH_", "DISPLAY=", "XAUTHORITY=", "XDG_", "DBUS_", "WAYLAND_", "WINDOWID=", "TMUX", "STY=",
	"SLURMD_NODENAME=", "SLURM_NODEID=", "SLURM_TOPOLOGY_ADDR", "SLURM_CPUS_ON_NODE=", "SLURM_STEP", "SLURM_LAUNCH_NODE_IPADDR=", "SLURM_SRUN_COMM_",
	"TMPDIR=", "K_MPI_JOB_ROLE=",
}

func hasPrefixOf(kv string, list []string) bool {
	for _, p := range list {
		if strings.HasPrefix(kv, p) {
			return true
		}
	}
	return false
}

// TravellingEnv picks, from rainrun's environment, what ranks on other hosts
// get as well.
func TravellingEnv(environ []string) []string {
	var out []string
	for _, kv := range environ {
		if !hasPrefixOf(kv, ofOneHost) && !hasPrefixOf(kv, foreign) {
			out = append(out, kv)
		}
	}
	return out
}

// mergeEnv lays the lists over each other; of one name the last value wins.
func mergeEnv(lists ...[]string) []string {
	var out []string
	index := map[string]int{}
	for _, list := range lists {
		for _, kv := range list {
			name, _, _ := strings.Cut(kv, "=")
			if i, ok := index[name]; ok {
				out[i] = kv
				continue
			}
			index[name] = len(out)
			out = append(out, kv)
		}
	}
	return out
}

// withoutForeign drops the variables of another launcher's rank.
func withoutForeign(environ []string) []string {
	var out []string
	for _, kv := range environ {
		if !hasPrefixOf(kv, foreign) {
			out = append(out, kv)
		}
	}
	return out
}

// rankEnv is what makes a process rank r of this job: our own variables, and
// those that scripts written for other launchers look at.
func rankEnv(agent string, r, size, local, localSize, app int) []string {
	set := func(name string, v int) string { return name + "=" + strconv.Itoa(v) }
	return []string{
		boot.EnvAgent + "=" + agent,
		set(boot.EnvRank, r), set(boot.EnvSize, size), set(boot.EnvLocalRank, local),
		set("OMPI_COMM_WORLD_RANK", r), set("OMPI_COMM_WORLD_SIZE", size),
		set("OMPI_COMM_WORLD_LOCAL_RANK", local), set("OMPI_COMM_WORLD_LOCAL_SIZE", localSize),
		set("OMPI_COMM_WORLD_NODE_RANK", local),
		set(pmi.EnvRank, r), set(pmi.EnvSize, size), set(pmi.EnvFD, pmiFD),
		set("MPI_LOCALRANKID", local), set("MPI_LOCALNRANKS", localSize),
		fmt.Sprintf("RAIN_APPNUM=%d", app),
	}
}

// lookup returns the last value of name.
func lookup(environ []string, name string) string {
	for i := len(environ) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(environ[i], name+"="); ok {
			return v
		}
	}
	return ""
}
