package rainnet

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// FaultsVariable names, in the environment, a file of FaultsFileSize bytes that breaks the rails of
// every process that is told of it: the demonstration uses it where namespaces are forbidden.
const (
	FaultsVariable = "RAIN_FAULTS"
	FaultsFileSize = int64(unsafe.Sizeof(Faults{}))
)

// FaultsOfEnvironment returns the Faults in the file that RAIN_FAULTS names, shared with whoever
// else maps it; nil, which breaks nothing, if the variable is not set.
func FaultsOfEnvironment() (*Faults, error) {
	path := os.Getenv(FaultsVariable)
	if path == "" {
		return nil, nil
	}
	f, err := FaultsOfFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", FaultsVariable, err)
	}
	return f, nil
}

// FaultsOfFile maps the file, which must have FaultsFileSize bytes, for good.
func FaultsOfFile(path string) (*Faults, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() < FaultsFileSize {
		return nil, fmt.Errorf("%s: it must be a file of %d bytes", path, FaultsFileSize)
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, int(FaultsFileSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("%s: mmap: %w", path, err)
	}
	return (*Faults)(unsafe.Pointer(&mem[0])), nil
}
