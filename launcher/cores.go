package launcher

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"rainmpi/internal/cpulist"
)

// A core is a set of processors (hardware threads) that share one core, and
// where it sits.
type core struct {
	cpus      []int
	numa, pkg int
}

// allowedCores returns the cores that this process may use, in order. A
// container's or batch system's limit is obeyed: it is the affinity mask.
func allowedCores() []core {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil {
		return []core{{cpus: []int{0}}}
	}
	var cores []core
	seen := map[int]bool{}
	numa := numaNodes()
	for cpu := 0; cpu < len(mask)*64; cpu++ {
		if !mask.IsSet(cpu) || seen[cpu] {
			continue
		}
		c := core{numa: numa[cpu], pkg: packageOf(cpu)}
		for _, s := range siblings(cpu) {
			if mask.IsSet(s) && !seen[s] {
				seen[s] = true
				c.cpus = append(c.cpus, s)
			}
		}
		if !seen[cpu] { // a sibling list that does not hold its own processor
			seen[cpu] = true
			c.cpus = append(c.cpus, cpu)
		}
		cores = append(cores, c)
	}
	return cores
}

// packageOf reads in which package (socket) a processor sits.
func packageOf(cpu int) int {
	b, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/physical_package_id", cpu))
	if err != nil {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0
	}
	return n
}

// numaNodes reads in which memory node each processor sits.
func numaNodes() map[int]int {
	node := map[int]int{}
	lists, _ := filepath.Glob("/sys/devices/system/node/node[0-9]*/cpulist")
	for _, file := range lists {
		n, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(filepath.Dir(file)), "node"))
		if err != nil {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		numbers, _ := cpulist.Parse(string(b))
		for _, c := range numbers {
			node[c] = n
		}
	}
	return node
}

// siblings reads the hardware threads of cpu's core.
func siblings(cpu int) []int {
	b, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return []int{cpu}
	}
	list, err := cpulist.Parse(string(b))
	if err != nil {
		return []int{cpu}
	}
	return list
}
