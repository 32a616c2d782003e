package launcher

import (
	"os"
	"strings"
)

// sshOptions: nobody is there to answer questions, and nothing is forwarded.
// Names may resolve late (containers that come up together), so ssh tries more
// than once.
var sshOptions = []string{
	"-x", "-T", "-a",
	"-o", "BatchMode=yes",
	"-o", "ConnectTimeout=10",
	"-o", "ConnectionAttempts=3",
	"-o", "ServerAliveInterval=15",
}

// sshVariables are where other launchers' users, and the MPI operator of
// Kubernetes, put arguments for ssh. Of an option that is given twice ssh takes
// the first, so they stand before ours.
var sshVariables = []string{"HYDRA_LAUNCH_EXTRA_ARGS", "OMPI_MCA_plm_rsh_args", "PRTE_MCA_plm_ssh_args", "I_MPI_HYDRA_BOOTSTRAP_EXEC_EXTRA_ARGS"}

func sshArguments() []string {
	for _, name := range sshVariables {
		if words, err := SplitWords(os.Getenv(name)); err == nil && len(words) > 0 {
			return words
		}
	}
	return nil
}

// SSHStart starts the agent through ssh. exe must exist on the host.
func SSHStart(exe string) StartMethod {
	return func(host string) []string {
		words := append([]string{"ssh"}, sshArguments()...)
		words = append(words, sshOptions...)
		words = append(words, "--", host)
		for _, w := range agentCommand(exe) {
			words = append(words, shellQuote(w))
		}
		return words
	}
}

// shellQuote protects one word from the login shell at the other end.
func shellQuote(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=:,+@%") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
