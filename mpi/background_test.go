package mpi

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPunctual: the background's thread keeps the policy and the niceness of its job.
func TestPunctual(t *testing.T) {
	for _, policy := range []uint32{unix.SCHED_NORMAL, unix.SCHED_BATCH, unix.SCHED_IDLE} {
		done := make(chan bool)
		go func() {
			defer close(done)
			runtime.LockOSThread() // it ends with the goroutine
			set := &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: policy, Nice: 19}
			if err := unix.SchedSetAttr(0, set, 0); err != nil {
				t.Logf("policy %d: %v", policy, err) // not allowed here, from an idle job for one
				return
			}
			nice := func() int { n, _ := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid()); return n } // also of the idle class
			before := nice()
			becomePunctual()
			if got, err := unix.SchedGetAttr(0, 0); err != nil || got.Policy != policy || nice() != before {
				t.Errorf("policy %d, niceness %d: %+v, niceness %d, %v", policy, before, got, nice(), err)
			}
		}()
		<-done
	}
}
