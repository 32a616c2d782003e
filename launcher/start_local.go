package launcher

import (
	"os"
	"path/filepath"
)

// A StartMethod makes the words of the command that starts an agent on a host.
type StartMethod func(host string) []string

// Values of Options.Launcher.
const (
	LaunchAuto  = ""      // fork on this host, ssh to others
	LaunchSSH   = "ssh"   // the same
	LaunchSlurm = "slurm" // srun, in an allocation
)

// agentCommand is the agent's own command; exe is rainrun's file.
func agentCommand(exe string) []string { return []string{exe, "agent"} }

// LocalStart starts the agent as a child of rainrun, from the very file that
// runs, even if it has been replaced since.
func LocalStart(string) []string { return agentCommand("/proc/self/exe") }

// executable is rainrun's file on other hosts: the path from which this one
// runs, unless Prefix says where rainmpi is there.
func (o Options) executable() string {
	if o.Prefix != "" {
		return filepath.Join(o.Prefix, "bin", "rainrun")
	}
	exe, err := os.Executable()
	if err != nil {
		return "rainrun"
	}
	return exe
}
