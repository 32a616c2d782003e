package mpi

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// fileError gives what the system says the class that section 14.7 has for it.
func fileError(what, name string, err error) error {
	if err == nil {
		return nil
	}
	hint := ""
	var class Class
	switch {
	case errors.Is(err, unix.ENOENT):
		class = ErrNoSuchFile
	case errors.Is(err, unix.EEXIST):
		class = ErrFileExists
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		class = ErrAccess
	case errors.Is(err, unix.EROFS):
		class = ErrReadOnly
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.EFBIG):
		class = ErrNoSpace
	case errors.Is(err, unix.EDQUOT):
		class = ErrQuota
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.ETXTBSY):
		class = ErrFileInUse
	case errors.Is(err, unix.ENAMETOOLONG), errors.Is(err, unix.ENOTDIR), errors.Is(err, unix.EISDIR), errors.Is(err, unix.ELOOP):
		class = ErrBadFile
	case errors.Is(err, unix.EMFILE), errors.Is(err, unix.ENFILE):
		class, hint = ErrIO, "; close files, or raise the limit (ulimit -n)"
	case errors.Is(err, unix.EOPNOTSUPP):
		class = ErrUnsupportedOperation
	default:
		class = ErrIO
	}
	host, _ := os.Hostname()
	return errorf(class, "cannot %s %s on host %s: %v%s", what, name, host, err, hint)
}
