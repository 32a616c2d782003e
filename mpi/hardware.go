package mpi

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"rainmpi/internal/cpulist"
)

// Hardware: what Linux tells of a host's memory nodes, packages and cores, and communicators of the processes that
// are restricted to the same one (MPI 5.0 sections 7.4.2 and 9.1.2).

// SharedMemory is the type of resource whose instances are hosts: processes share memory.
const SharedMemory = "mpi_shared_memory"

// A resourceType is a type of hardware resource; each instance has a file with the list of its processors.
type resourceType struct{ name, files string }

// resourceTypes go from the larger to the smaller.
var resourceTypes = []resourceType{
	{"linux://numanode", "node/node[0-9]*/cpulist"},
	{"linux://package", "cpu/cpu[0-9]*/topology/core_siblings_list"},
	{"linux://core", "cpu/cpu[0-9]*/topology/thread_siblings_list"},
}

var systemDevices = "/sys/devices/system" // tests have another

// HardwareInfo names the types of resources that this host has, each with "true" if this process is now
// restricted to one instance and "false" if not (MPI_Get_hw_resource_info).
func HardwareInfo() *Info {
	info := NewInfo()
	mask := affinity()
	for _, t := range resourceTypes {
		if instance, any := t.instance(mask); any {
			value := "false"
			if instance >= 0 {
				value = "true"
			}
			info.pairs = append(info.pairs, [2]string{t.name, value})
		}
	}
	return info
}

// affinity is the set of processors that this process may use now; none if the kernel does not say.
func affinity() unix.CPUSet {
	var mask unix.CPUSet
	if unix.SchedGetaffinity(os.Getpid(), &mask) != nil {
		return unix.CPUSet{}
	}
	return mask
}

// instance returns the first processor of the instance that has all of mask, -1 if there is none, and whether the
// host has any instance at all.
func (t resourceType) instance(mask unix.CPUSet) (first int, any bool) {
	files, _ := filepath.Glob(filepath.Join(systemDevices, t.files))
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		cpus, err := cpulist.Parse(string(text))
		if err != nil {
			continue // a memory node without processors
		}
		any = true
		inside := 0
		for _, c := range cpus {
			if mask.IsSet(c) {
				inside++
			}
		}
		if inside > 0 && inside == mask.Count() {
			return cpus[0], true
		}
	}
	return -1, any
}

// splitLevels are the types that SplitNext goes through: hosts, then resourceTypes.
const splitLevels = 4

// anywhere are the colors of a process that gets no communicator.
var anywhere = [splitLevels]int{Undefined, Undefined, Undefined, Undefined}

// colors are those of this process at all levels: equal for processes in the same instance.
func (c *Comm) colors() [splitLevels]int {
	colors := anywhere
	host := int(c.e.at(int32(c.e.rank)).host)
	colors[0] = host << 20
	mask := affinity()
	for i, t := range resourceTypes {
		if cpu, _ := t.instance(mask); cpu >= 0 {
			colors[1+i] = host<<20 | cpu
		}
	}
	return colors
}

// SplitResource splits by the instances of a type of resource: SharedMemory, or a key of HardwareInfo. Processes that
// are not restricted to one instance, or name no known type, get nil (MPI_Comm_split_type with
// MPI_COMM_TYPE_HW_GUIDED). Collective; all but those that name none ("") name the same.
func (c *Comm) SplitResource(resource string, key int) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	wanted := anywhere
	if resource == SharedMemory {
		wanted[0] = c.colors()[0]
	}
	for i, t := range resourceTypes {
		if t.name == resource {
			wanted[0] = c.colors()[1+i]
		}
	}
	made, _, err := c.splitAt(wanted, key, false)
	return made, err
}

// SplitPset splits by process sets, which Session.Psets names (MPI_Comm_split_type with MPI_COMM_TYPE_RESOURCE_GUIDED
// and the key mpi_pset_name). Processes that name no known one get nil. Collective.
func (c *Comm) SplitPset(pset string, key int) (*Comm, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	wanted := anywhere
	switch {
	case strings.EqualFold(pset, worldSet):
		wanted[0] = int(c.e.self.first)
	case strings.EqualFold(pset, selfSet):
		wanted[0] = int(c.e.self.id(c.e.rank))
	}
	made, _, err := c.splitAt(wanted, key, false)
	return made, err
}

// SplitNext splits by the largest type of resource of which the processes are in more than one instance, and names
// it. Who is not restricted to one instance gets nil, as does everybody if there is no such type (MPI_Comm_split_type
// with MPI_COMM_TYPE_HW_UNGUIDED: each result is a proper subset). Collective.
func (c *Comm) SplitNext(key int) (part *Comm, resource string, err error) {
	if err := c.check(); err != nil {
		return nil, "", err
	}
	part, level, err := c.splitAt(c.colors(), key, true)
	switch {
	case part == nil:
		return nil, "", err
	case level == 0:
		return part, SharedMemory, err
	}
	return part, resourceTypes[level-1].name, err
}

// splitAt splits by the first of the colors, or by the first level at which there are two. All ways to split by
// type exchange the same, as processes that take no part do not say which it is.
func (c *Comm) splitAt(colors [splitLevels]int, key int, next bool) (part *Comm, level int, err error) {
	if c.Inter() {
		if next {
			colors = anywhere
		}
		part, err = c.splitInter(colors[0], key)
		return part, 0, err
	}
	const words = splitLevels + 1
	mine := [words]int64{splitLevels: int64(key)}
	for i, color := range colors {
		mine[i] = int64(color)
	}
	all := make([]int64, words*c.Size())
	if err := Allgather(c, mine[:], all); err != nil {
		return nil, 0, err
	}
	ctx, err := c.agreeContext()
	if err != nil {
		return nil, 0, err
	}
	if next {
		level = nextLevel(all, words)
	}
	if level < 0 || colors[level] == Undefined {
		return nil, 0, nil
	}
	pairs := make([]int64, 0, 2*c.Size())
	for r := range c.Size() {
		pairs = append(pairs, all[words*r+level], all[words*r+splitLevels])
	}
	g, err := c.group.Incl(ofColor(pairs, colors[level]))
	if err != nil {
		return nil, 0, err
	}
	part, err = c.e.made(ctx, g)
	return part, level, err
}

// nextLevel is the first level at which the processes have two colors, -1 if there is none.
func nextLevel(all []int64, words int) int {
	for level := range splitLevels {
		seen := map[int64]bool{}
		for r := level; r < len(all); r += words {
			if all[r] != Undefined {
				seen[all[r]] = true
			}
		}
		if len(seen) > 1 {
			return level
		}
	}
	return -1
}
