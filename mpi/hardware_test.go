package mpi

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// machine is a folder like /sys/devices/system: two memory nodes, the second without processors, a package and two
// cores of two threads.
func machine(t *testing.T) string {
	dir := t.TempDir()
	files := map[string]string{"node/node0/cpulist": "0-3\n", "node/node1/cpulist": "\n"}
	for cpu, core := range map[string]string{"cpu0": "0,2", "cpu1": "1,3", "cpu2": "0,2", "cpu3": "1,3"} {
		files["cpu/"+cpu+"/topology/thread_siblings_list"] = core + "\n"
		files["cpu/"+cpu+"/topology/core_siblings_list"] = "0-3\n"
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInstances(t *testing.T) {
	defer func(was string) { systemDevices = was }(systemDevices)
	systemDevices = machine(t)
	for _, c := range []struct {
		cpus []int
		want [3]int // memory node, package, core
	}{
		{[]int{0, 1, 2, 3}, [3]int{0, 0, -1}},
		{[]int{1, 3}, [3]int{0, 0, 1}},
		{[]int{3}, [3]int{0, 0, 1}},
		{[]int{2}, [3]int{0, 0, 0}},
		{[]int{0, 1}, [3]int{0, 0, -1}},
		{[]int{0, 7}, [3]int{-1, -1, -1}}, // one that belongs nowhere
		{nil, [3]int{-1, -1, -1}},         // the kernel did not say
	} {
		var mask unix.CPUSet
		for _, cpu := range c.cpus {
			mask.Set(cpu)
		}
		for i, r := range resourceTypes {
			if got, any := r.instance(mask); got != c.want[i] || !any {
				t.Errorf("processors %v are restricted to %s %d, want %d", c.cpus, r.name, got, c.want[i])
			}
		}
	}
	systemDevices = t.TempDir()
	if n := HardwareInfo().Len(); n != 0 {
		t.Errorf("%d types of resources on a host that tells of none", n)
	}
}

func TestNextLevel(t *testing.T) {
	const u = Undefined
	for _, c := range []struct {
		colors [][splitLevels]int64
		want   int
	}{
		{[][splitLevels]int64{{1, 1, 1, 1}, {2, 2, 2, 2}}, 0},
		{[][splitLevels]int64{{1, 1, 1, 1}, {1, 1, 2, 2}}, 2},
		{[][splitLevels]int64{{1, 1, 1, 1}, {1, 1, 1, u}, {1, 1, 1, 3}}, 3},
		{[][splitLevels]int64{{1, 1, u, u}, {1, u, u, u}}, -1},
		{[][splitLevels]int64{{1, 1, 1, 1}}, -1},
	} {
		var all []int64
		for _, r := range c.colors {
			all = append(append(all, r[:]...), 7)
		}
		if got := nextLevel(all, splitLevels+1); got != c.want {
			t.Errorf("%v are split at level %d, want %d", c.colors, got, c.want)
		}
	}
}
