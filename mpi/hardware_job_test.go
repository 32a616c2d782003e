package mpi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"rainmpi/mpi"
)

func init() { programs["hardware"] = hardware }

// TestHardware splits two ranks that are restricted to a core each, and one that may use both cores of a package.
func TestHardware(t *testing.T) {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil || mask.Count() < 2 {
		t.Skip("less than two processors: there is nothing to be restricted to")
	}
	start(t, "hardware", "-n", "3", "--bind-to", "none").wait(0)
}

// twoCores makes a folder like /sys/devices/system of a package of two cores, and returns their processors: the
// first two that this process may use.
func twoCores(dir string) (cpus []int, err error) {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil {
		return nil, err
	}
	for cpu := 0; len(cpus) < 2; cpu++ {
		if mask.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	for _, cpu := range cpus {
		topology := filepath.Join(dir, "cpu", fmt.Sprint("cpu", cpu), "topology")
		if err := os.MkdirAll(topology, 0o777); err != nil {
			return nil, err
		}
		for name, list := range map[string]string{
			"core_siblings_list":   fmt.Sprintf("%d,%d\n", cpus[0], cpus[1]),
			"thread_siblings_list": fmt.Sprintln(cpu),
		} {
			if err := os.WriteFile(filepath.Join(topology, name), []byte(list), 0o666); err != nil {
				return nil, err
			}
		}
	}
	return cpus, nil
}

func hardware([]string) error {
	dir, err := os.MkdirTemp("", "hardware-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	cpus, err := twoCores(dir)
	if err != nil {
		return err
	}
	mpi.TellHardware(dir)
	if err := mpi.Init(); err != nil {
		return err
	}
	w := mpi.World()
	both := w.Rank() == 2
	if !both {
		cpus = cpus[w.Rank():][:1]
	}
	var mask unix.CPUSet
	for _, cpu := range cpus {
		mask.Set(cpu)
	}
	if err := unix.SchedSetaffinity(os.Getpid(), &mask); err != nil {
		return err
	}
	core := 1
	if both {
		core = 0
	}
	for _, c := range []struct {
		resource string
		size     int
	}{{"linux://package", 3}, {"linux://core", core}, {mpi.SharedMemory, 3}, {"linux://numanode", 0}, {"moon://crater", 0}, {"", 0}} {
		part, err := w.SplitResource(c.resource, 0)
		if err := sized(part, c.size, c.resource, err); err != nil {
			return err
		}
	}
	part, resource, err := w.SplitNext(0)
	if err := sized(part, core, resource, err); err != nil {
		return err
	}
	if !both && resource != "linux://core" {
		return fmt.Errorf("the next type of resource is %q", resource)
	}
	for _, c := range []struct {
		pset string
		size int
	}{{"mpi://WORLD", 3}, {"mpi://self", 1}, {"mpi://moon", 0}} {
		part, err := w.SplitPset(c.pset, 0)
		if err := sized(part, c.size, c.pset, err); err != nil {
			return err
		}
	}
	return mpi.Finalize()
}

// sized wants a communicator of so many ranks that works, none for 0.
func sized(part *mpi.Comm, want int, name string, err error) error {
	size := 0
	if err == nil && part != nil {
		size = part.Size()
		err = part.Barrier()
	}
	if err == nil && size != want {
		err = fmt.Errorf("%d ranks, want %d", size, want)
	}
	if err != nil {
		return fmt.Errorf("split by %q: %w", name, err)
	}
	return nil
}
