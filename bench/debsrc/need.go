package debsrc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Need sees to commands that building takes, keyed by their names, with the Debian
// packages that have them: what is missing is installed as root, and else asked for.
func Need(ctx context.Context, commands map[string]string, log io.Writer) error {
	var packages []string
	for _, command := range slices.Sorted(maps.Keys(commands)) {
		if _, err := exec.LookPath(command); err != nil {
			packages = append(packages, commands[command])
		}
	}
	if packages == nil {
		return nil
	}
	return Install(ctx, log, packages...)
}

// Install installs Debian packages as root, and else asks for them by its error.
func Install(ctx context.Context, log io.Writer, packages ...string) error {
	list := strings.Join(packages, " ")
	please := "what it takes is missing: apt-get install " + list
	if os.Getuid() != 0 {
		return errors.New(please)
	}
	fmt.Fprintln(log, "installing", list)
	for _, words := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq"}, packages...)} {
		cmd := exec.CommandContext(ctx, "apt-get", words...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: apt-get %s: %w\n%s", please, strings.Join(words, " "), err, out)
		}
	}
	return nil
}
