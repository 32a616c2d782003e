package lab

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// A lab's directory holds its sockets and a lock file. Whoever finds the lock
// free may remove the directory: creator and keeper hold it while they live.

const lockName = "lock"

// baseDirs are the places for labs' directories, best first.
func baseDirs() []string {
	var dirs []string
	if os.Geteuid() == 0 {
		dirs = append(dirs, "/run/rainlab")
	}
	own := fmt.Sprintf("rainlab-%d", os.Geteuid())
	dirs = append(dirs, filepath.Join(os.TempDir(), own))
	if os.TempDir() != "/tmp" {
		dirs = append(dirs, filepath.Join("/tmp", own))
	}
	return dirs
}

// makeDir makes a directory for a new lab and locks it.
func makeDir() (dir string, lock *os.File, err error) {
	var errs []error
	for _, base := range baseDirs() {
		// A socket's path has 107 bytes, and ends here in /NNNNNNNN/outside.sock.
		if len(base) > 80 {
			errs = append(errs, fmt.Errorf("%s: too long for a socket's path", base))
			continue
		}
		dir, lock, err := makeDirIn(base)
		if err == nil {
			return dir, lock, nil
		}
		errs = append(errs, err)
	}
	return "", nil, fmt.Errorf("lab: no place for its sockets: %w", errors.Join(errs...))
}

func makeDirIn(base string) (string, *os.File, error) {
	if err := ownDir(base); err != nil {
		return "", nil, err
	}
	var b [4]byte
	rand.Read(b[:])
	dir := filepath.Join(base, fmt.Sprintf("%x", b))
	var lock *os.File
	err := withBaseLock(base, func() error {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		var err error
		lock, err = takeLock(filepath.Join(dir, lockName), unix.LOCK_NB)
		return err
	})
	return dir, lock, err
}

// ownDir makes the base directory, or checks that nobody else made it: its
// sockets start commands in its owner's name.
func ownDir(base string) error {
	if err := os.Mkdir(base, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	info, err := os.Lstat(base)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() {
		return fmt.Errorf("%s belongs to somebody else: remove it or set TMPDIR", base)
	}
	return nil
}

func takeLock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|how); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// withBaseLock keeps makers and cleaners of one base directory apart.
func withBaseLock(base string, f func() error) error {
	lock, err := takeLock(filepath.Join(base, lockName), 0)
	if err != nil {
		return err
	}
	defer lock.Close()
	return f()
}

// Clean removes the directories of labs whose creator and keeper are dead, and
// returns them. Processes and namespaces of such labs are gone by themselves.
func Clean() ([]string, error) {
	var removed []string
	var errs []error
	forEachDir(func(dir string, alive bool) {
		if alive {
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			errs = append(errs, err)
			return
		}
		removed = append(removed, dir)
	})
	return removed, errors.Join(errs...)
}

// Running returns the directories of the caller's labs that live.
func Running() []string {
	var dirs []string
	forEachDir(func(dir string, alive bool) {
		if alive {
			dirs = append(dirs, dir)
		}
	})
	return dirs
}

func forEachDir(f func(dir string, alive bool)) {
	for _, base := range baseDirs() {
		if _, err := os.Stat(base); err != nil || ownDir(base) != nil {
			continue
		}
		withBaseLock(base, func() error {
			entries, err := os.ReadDir(base)
			for _, e := range entries {
				if dir := filepath.Join(base, e.Name()); e.IsDir() {
					f(dir, isLocked(dir))
				}
			}
			return err
		})
	}
}

func isLocked(dir string) bool {
	lock, err := takeLock(filepath.Join(dir, lockName), unix.LOCK_NB)
	if err != nil {
		return errors.Is(err, unix.EWOULDBLOCK)
	}
	lock.Close()
	return false
}
