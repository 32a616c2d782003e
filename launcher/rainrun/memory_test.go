package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// memoryGroup makes a cgroup whose processes may use so many bytes.
func memoryGroup(t *testing.T, limit int) (dir string) {
	t.Helper()
	for root, file := range map[string]string{"/sys/fs/cgroup/memory": "memory.limit_in_bytes", "/sys/fs/cgroup": "memory.max"} {
		dir := filepath.Join(root, fmt.Sprintf("rainrun-test-%d", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })
		if os.WriteFile(filepath.Join(dir, file), fmt.Append(nil, limit), 0o644) == nil {
			_ = os.WriteFile(filepath.Join(dir, "memory.swap.max"), []byte("0"), 0o644) // where there is one
			return dir
		}
	}
	t.Skip("this machine does not let us limit the memory of a cgroup")
	return ""
}

// A rank that the kernel kills for want of memory.
func TestOutOfMemory(t *testing.T) {
	group := memoryGroup(t, 32<<20)
	// tail keeps a line until it ends.
	rainrun(t, "-n", "2", "sh", "-c", "test $PMI_RANK = 1 || exec sleep 1000; echo $$ > "+group+"/cgroup.procs && exec tail /dev/zero >/dev/null").
		want(t, 137, "rank 1 on host ", "was killed by signal 9 (killed), very likely for want of memory: processes that the kernel has killed for that on host ", "; the job was ended")
	// Another kill, before and after, is no such thing.
	rainrun(t, "-n", "1", "sh", "-c", "kill -9 $$").want(t, 137, "was killed by signal 9 (killed)\n")
}
