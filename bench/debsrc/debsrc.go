// Package debsrc fetches the original tarballs of Debian source packages, with
// which rainmpi is tried on code of other people's.
//
// Apt knows where packages come from; most machines tell it about binary
// packages alone. The machine's apt is left as it is: a private configuration in
// a temporary folder asks the machine's own servers for sources.
package debsrc

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrUnavailable is that of a machine that does not get at Debian's sources.
var ErrUnavailable = errors.New("cannot be fetched")

// Fetch sees to it that dir holds the original tarball of source package name
// and returns its path. The tarball's SHA-256 is checked against the package's
// .dsc file each time, also when both are there already. An error of the fetching itself is
// ErrUnavailable.
func Fetch(ctx context.Context, name, dir string, log io.Writer) (string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	if tarball, err := verified(name, dir); err == nil {
		return tarball, nil
	}
	if err := download(ctx, name, dir, log); err != nil {
		return "", fmt.Errorf("source package %s %w: %w", name, ErrUnavailable, err)
	}
	return verified(name, dir)
}

// Unpack puts the one folder that tarball holds in place of dir.
func Unpack(ctx context.Context, tarball, dir string, only ...string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	args := []string{"-xf", tarball, "-C", dir, "--strip-components=1", "--no-same-owner"}
	for _, path := range only {
		args = append(args, "--wildcards", "*/"+path)
	}
	if out, err := exec.CommandContext(ctx, "tar", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("tar %s: %w: %s", tarball, err, out)
	}
	return nil
}

// verified finds the tarball and its .dsc in dir and compares the checksums.
func verified(name, dir string) (string, error) {
	dscs, _ := filepath.Glob(filepath.Join(dir, name+"_*.dsc"))
	if len(dscs) != 1 {
		return "", fmt.Errorf("%s holds %d files %s_*.dsc, not one", dir, len(dscs), name)
	}
	file, want, err := original(dscs[0])
	if err != nil {
		return "", err
	}
	tarball := filepath.Join(dir, file)
	f, err := os.Open(tarball)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return "", fmt.Errorf("%s: SHA-256 is %s, but %s says %s", tarball, got, dscs[0], want)
	}
	return tarball, nil
}

// original returns the name and the SHA-256 of the .orig.tar that a .dsc lists.
func original(dsc string) (name, sum string, err error) {
	f, err := os.Open(dsc)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	inside := false
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, " ") {
			inside = line == "Checksums-Sha256:"
			continue
		}
		w := strings.Fields(line) // sum, size, name
		if inside && len(w) == 3 && strings.Contains(w[2], ".orig.tar.") && !strings.HasSuffix(w[2], ".asc") {
			return filepath.Base(w[2]), w[0], nil
		}
	}
	return "", "", fmt.Errorf("%s lists no original tarball under Checksums-Sha256", dsc)
}
