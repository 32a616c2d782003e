package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestExecuteReadsResultsAndTicks(t *testing.T) {
	const script = `echo 'noise of a launcher'
echo '{"at":0.100,"MB/s":118.5}'
echo '{"at":0.200,"MB/s":0}'
echo '{"test":"stream","size":1024,"ranks":2,"value":59.2,"unit":"MB/s","messages":7,"checked":true,"wrong":1}'`
	var ticks []Tick
	r, err := Execute(t.Context(), exec.Command("sh", "-c", script), time.Minute, func(k Tick) { ticks = append(ticks, k) })
	if err != nil {
		t.Fatal(err)
	}
	want := Result{Test: "stream", Size: 1024, Ranks: 2, Value: 59.2, Unit: "MB/s", Messages: 7, Checked: true, Wrong: 1}
	if len(r.Results) != 1 || r.Results[0] != want {
		t.Errorf("results %+v", r.Results)
	}
	if len(ticks) != 2 || len(r.Ticks) != 2 || Mean(ticks, 0, 1) != 118.5/2 || Mean(ticks, 0.1, 1) != 0 || Mean(ticks, 5, 6) != 0 {
		t.Errorf("ticks %+v", ticks)
	}
}

// What has left its launcher's group is not killed with it, and holds the pipe: nobody waits for that.
func TestExecuteEndsWhatHangs(t *testing.T) {
	for _, script := range []string{"sleep 50 & sleep 60", "setsid sleep 20 & sleep 60"} {
		start := time.Now()
		_, err := Execute(context.Background(), exec.Command("sh", "-c", script), 50*time.Millisecond, nil)
		if !errors.Is(err, ErrTimeout) || time.Since(start) > 10*time.Second {
			t.Errorf("%s: %v after %v", script, err, time.Since(start))
		}
	}
}

// A crash of a rank is explained on the first of thousands of lines, and by its launcher on the last.
func TestExecuteTellsWhyAProgramCrashed(t *testing.T) {
	const script = "echo 'panic: the reason' >&2; seq 10000 >&2; echo 'rank 1 was killed' >&2; exit 134"
	_, err := Execute(t.Context(), exec.Command("sh", "-c", script), time.Minute, nil)
	if s := fmt.Sprint(err); len(s) > 3000 || !strings.Contains(s, "exit status 134: panic: the reason") || !strings.HasSuffix(s, "rank 1 was killed") {
		t.Errorf("%v", err)
	}
}

func TestMedianAndRatio(t *testing.T) {
	if m := Median([]float64{9, 1, 5}); m != 5 {
		t.Errorf("median %g", m)
	}
	if m := Median([]float64{4, 1, 2, 100}); m != 3 {
		t.Errorf("median %g", m)
	}
	faster := Row{Unit: "us", Median: map[string]float64{RainMPI: 2, OpenMPI: 4, MPICH: 3}}
	slower := Row{Unit: "MB/s", Median: map[string]float64{RainMPI: 100, OpenMPI: 200}}
	alone := Row{Unit: "us", Median: map[string]float64{RainMPI: 2}}
	if a, b, c := faster.Ratio(RainMPI), slower.Ratio(RainMPI), alone.Ratio(RainMPI); a != 1.5 || b != 0.5 || c != 0 {
		t.Errorf("ratios %g, %g, %g", a, b, c)
	}
}
