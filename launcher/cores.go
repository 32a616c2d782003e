package launcher

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A core is a set of processors (hardware threads) that share one core.
type core []int

// allowedCores returns the cores that this process may use, in order. A
// container's or batch system's limit is obeyed: it is the affinity mask.
func allowedCores() []core {
	var mask unix.CPUSet
	if err := unix.SchedGetaffinity(0, &mask); err != nil {
		return []core{{0}}
	}
	var cores []core
	seen := map[int]bool{}
	for cpu := 0; cpu < len(mask)*64; cpu++ {
		if !mask.IsSet(cpu) || seen[cpu] {
			continue
		}
		c := core{}
		for _, s := range siblings(cpu) {
			if mask.IsSet(s) && !seen[s] {
				seen[s] = true
				c = append(c, s)
			}
		}
		if !seen[cpu] { // a sibling list that does not hold its own processor
			seen[cpu] = true
			c = append(c, cpu)
		}
		cores = append(cores, c)
	}
	return cores
}

// siblings reads the hardware threads of cpu's core.
func siblings(cpu int) []int {
	b, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return []int{cpu}
	}
	list, err := parseCPUList(strings.TrimSpace(string(b)))
	if err != nil {
		return []int{cpu}
	}
	return list
}

// parseCPUList reads the kernel's form "0-3,8".
func parseCPUList(s string) ([]int, error) {
	var list []int
	for _, item := range strings.Split(s, ",") {
		first, last, isRange := strings.Cut(item, "-")
		a, err := strconv.Atoi(first)
		if err != nil {
			return nil, err
		}
		b := a
		if isRange {
			if b, err = strconv.Atoi(last); err != nil {
				return nil, err
			}
		}
		for ; a <= b; a++ {
			list = append(list, a)
		}
	}
	return list, nil
}

// bindings returns the processors that n ranks of this host are pinned to, of
// the crowd of ranks on this machine those from first on; nil means that none
// is pinned.
//
// BindAuto divides the cores evenly among the crowd, so that hybrid programs
// keep all their cores and two small jobs on one machine do not both end up on
// the first cores. It pins nothing when there are more ranks than cores: then
// the kernel's scheduler does better.
func bindings(cores []core, first, n, crowd int, bind string) ([][]int, error) {
	if bind == BindNone || n == 0 {
		return nil, nil
	}
	if crowd > len(cores) {
		if bind == BindCore {
			return nil, fmt.Errorf("--bind-to core: %d ranks, but %d cores that are not taken; use --bind-to none or fewer ranks per host",
				n, max(len(cores)-first, 0))
		}
		return nil, nil
	}
	out := make([][]int, n)
	for i := range out {
		from, to := (first+i)*len(cores)/crowd, (first+i+1)*len(cores)/crowd
		if bind == BindCore {
			from, to = first+i, first+i+1
		}
		for _, c := range cores[from:to] {
			out[i] = append(out[i], c...)
		}
	}
	return out, nil
}

// cpuList is the kernel's short form of a set of processors.
func cpuList(cpus []int) string {
	var b strings.Builder
	for i := 0; i < len(cpus); {
		j := i
		for j+1 < len(cpus) && cpus[j+1] == cpus[j]+1 {
			j++
		}
		if b.Len() > 0 {
			b.WriteByte(',')
		}
		fmt.Fprint(&b, cpus[i])
		if j > i {
			fmt.Fprintf(&b, "-%d", cpus[j])
		}
		i = j + 1
	}
	return b.String()
}
