package launcher

import "strings"

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

// SSHStart starts the agent through ssh. exe must exist on the host.
func SSHStart(exe string) StartMethod {
	return func(host string) []string {
		words := append([]string{"ssh"}, sshOptions...)
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
