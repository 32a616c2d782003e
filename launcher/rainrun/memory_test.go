package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// memoryGroup makes a cgroup whose processes may use so many bytes.
func memoryGroup(t *testing.T, limit int) (dir string) {
	t.Helper()
	swaps, _ := os.ReadFile("/proc/swaps")
	swapping := strings.Count(string(swaps), "\n") > 1 // below the headings
	for _, version := range []struct{ root, limit, swap, most string }{
		{"/sys/fs/cgroup", "memory.max", "memory.swap.max", "0"},
		{"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", fmt.Sprint(limit)}, // of both together
	} {
		dir, err := os.MkdirTemp(version.root, "rainrun-test-")
		if err != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if set(filepath.Join(dir, version.limit), fmt.Sprint(limit)) == nil &&
			(set(filepath.Join(dir, version.swap), version.most) == nil || !swapping) {
			return dir
		}
	}
	t.Skip("this machine does not let us limit the memory of a cgroup")
	return ""
}

// set writes to a file that the kernel made. It makes none: where version 1
// is mounted, /sys/fs/cgroup is an ordinary file system that would take it,
// and then the limit limits nobody.
func set(file, value string) error {
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(value)
	return err
}

// A rank that the kernel kills for want of memory.
func TestOutOfMemory(t *testing.T) {
	group := memoryGroup(t, 32<<20)
	// tail keeps a line until it ends. Should the group not hold it, it has no memory of the whole machine's.
	rainrun(t, "-n", "2", "sh", "-c", "test $PMI_RANK = 1 || exec sleep 1000; ulimit -v 2000000; echo $$ > "+group+"/cgroup.procs && exec tail /dev/zero >/dev/null").
		want(t, 137, "rank 1 on host ", "was killed by signal 9 (killed), very likely for want of memory: processes that the kernel has killed for that on host ", "; the job was ended")
	// Another kill, before and after, is no such thing.
	rainrun(t, "-n", "1", "sh", "-c", "kill -9 $$").want(t, 137, "was killed by signal 9 (killed)\n")
}
