package debsrc

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const aptFolder = "/etc/apt"

// download has apt put the tarball and the .dsc of a package into dir. The
// packaging part is not asked for: it may be gone from an archive whose original
// tarball is still there.
func download(ctx context.Context, name, dir string, log io.Writer) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("apt-get is not here: fetch %s_*.dsc and its .orig.tar into %s by hand", name, dir)
	}
	private, err := os.MkdirTemp("", "debsrc")
	if err != nil {
		return err
	}
	defer os.RemoveAll(private)
	options, err := configure(private)
	if err != nil {
		return err
	}
	apt := func(words ...string) error {
		cmd := exec.CommandContext(ctx, "apt-get", append(options, words...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(words, " "), err, out)
		}
		return nil
	}
	fmt.Fprintf(log, "fetching source package %s by apt\n", name)
	// A server that has no sources fails the update, and the others' are there all the same.
	updated := apt("update")
	for _, part := range []string{"--dsc-only", "--tar-only"} {
		if err := apt("source", "--download-only", part, name); err != nil {
			if updated != nil {
				return fmt.Errorf("%w (before that: %v)", err, updated)
			}
			return err
		}
	}
	return nil
}

// configure writes the machine's own sources, asked for source packages, into a
// folder and returns the options that make apt use these and nothing else.
func configure(private string) ([]string, error) {
	parts := filepath.Join(private, "sources")
	for _, dir := range []string{parts, private + "/state/lists/partial", private + "/cache/archives/partial"} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
	}
	files, _ := filepath.Glob(aptFolder + "/sources.list.d/*")
	for _, file := range append(files, aptFolder+"/sources.list") {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(parts, filepath.Base(file)), []byte(asSources(string(text))), 0o644); err != nil {
			return nil, err
		}
	}
	return []string{
		"-qq",
		"-o", "Dir::Etc::sourcelist=/dev/null",
		"-o", "Dir::Etc::sourceparts=" + parts,
		"-o", "Dir::State=" + private + "/state",
		"-o", "Dir::State::status=/var/lib/dpkg/status",
		"-o", "Dir::Cache=" + private + "/cache",
		"-o", "Acquire::http::Timeout=30",
		// The folder is this user's, so apt's own user could not write there.
		"-o", "APT::Sandbox::User=" + userName(),
	}, nil
}

// asSources turns entries for binary packages into entries for sources, in both
// of apt's formats; entries for sources stay.
func asSources(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "deb "), strings.HasPrefix(line, "deb\t"):
			lines[i] = "deb-src" + line[len("deb"):]
		case strings.HasPrefix(line, "Types:"):
			lines[i] = "Types: deb-src"
		}
	}
	return strings.Join(lines, "\n")
}

func userName() string {
	if os.Getuid() == 0 {
		return "root"
	}
	return os.Getenv("USER")
}
