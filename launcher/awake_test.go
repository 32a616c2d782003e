package launcher

import (
	"testing"
	"time"
)

func TestAwakeClock(t *testing.T) {
	const ms = int64(time.Millisecond)
	var c awakeClock
	for _, step := range []struct {
		what  string
		sleep int64 // until; 0: at work since the last reading
		at    int64
		want  int64
	}{
		{"the first reading", 0, 1 * ms, 1 * ms},
		{"a little late", 0, 201 * ms, 201 * ms},
		{"woken in time", 1000 * ms, 1000 * ms, 1000 * ms},
		{"woken early", 2000 * ms, 1500 * ms, 1500 * ms},
		{"stopped asleep", 2000 * ms, 5000 * ms, 2000 * ms},
		{"at work again", 0, 5001 * ms, 2001 * ms},
		{"stopped at work", 0, 8001 * ms, 2001 * ms},
		{"what it waited for had passed", 7000 * ms, 8101 * ms, 2101 * ms},
	} {
		if step.sleep > 0 {
			c.sleep(step.sleep)
		}
		if got := c.read(step.at); got != step.want {
			t.Errorf("%s: %d ms, want %d", step.what, got/ms, step.want/ms)
		}
	}
}
