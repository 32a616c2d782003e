package bench

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestInSeconds(t *testing.T) {
	said := []string{"step 5 of 9, 12 steps/s", "9 steps of 8 x 8 points on 2 ranks in 1.25 s; off by at most 1e-12"}
	if v, ok := inSeconds(said); !ok || v != 1.25 {
		t.Errorf("%v, %v", v, ok)
	}
	if v, ok := inSeconds(said[:1]); ok {
		t.Errorf("%v s in a line that says none", v)
	}
}

// The example heat runs with few ranks and with many, and says how long it took.
func TestCrowd(t *testing.T) {
	impl, _ := compiled(t)
	prog, err := impl.Compile(filepath.Join("..", "examples", "heat"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := Crowd{Setting: Setting{Cores: 2}, Impls: []*Impl{impl}, Progs: map[string]string{RainMPI: prog}, Few: 1, Many: 3,
		Args: []string{"--size", "256", "--steps", "500"}, Runs: 2, Limit: time.Minute}
	var told bytes.Buffer
	all := c.Run(t.Context(), &told)
	if len(all) != 1 || len(all[0].Few) != 2 || len(all[0].Many) != 2 || all[0].Ratio() <= 0 {
		t.Errorf("%+v\n%s", all, told.String())
	}
	c.Args = []string{"--size", "nothing"}
	told.Reset()
	if all = c.Run(t.Context(), &told); all[0].Ratio() != 0 || strings.Count(told.String(), "usage: heat") != 4 {
		t.Errorf("%+v\n%s", all, told.String())
	}
}

func TestCrowdedBar(t *testing.T) {
	c := Crowded{Impl: RainMPI, Few: []float64{1, 9, 1}, Many: []float64{1.1, 1.1, 9}}
	if b := c.Bar(2, 8); !b.Passed() || b.Value != 1.1 {
		t.Errorf("%v", b)
	}
	c.Many[0] = 1.2
	c.Many[1] = 1.2
	if b := c.Bar(2, 8); b.Passed() {
		t.Errorf("%v", b)
	}
}

// The Go program's lines are read as the C program's are.
func TestGoAPI(t *testing.T) {
	impl, _ := compiled(t)
	prog, err := GoBuild("gobench", filepath.Join(t.TempDir(), "gobench"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Execute(t.Context(), impl.Command(&Setting{Cores: 2}, 2, prog, "-t", "latency", "-s", "8,100k", "-d", "0.01"), time.Minute, nil)
	if err != nil || len(r.Results) != 2 || r.Results[1].Size != 100<<10 || r.Results[0].Value <= 0 || r.Results[0].Unit != "us" {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := Execute(t.Context(), impl.Command(&Setting{Cores: 2}, 2, prog, "-t", "rate"), time.Minute, nil); err == nil || !strings.Contains(err.Error(), "there is latency") {
		t.Errorf("a test that there is not: %v", err)
	}
}

func TestPoints(t *testing.T) {
	row := func(mine, other float64) Row {
		return Row{Unit: "%", Median: map[string]float64{RainMPI: mine, OpenMPI: other, MPICH: other - 50}}
	}
	for _, c := range []struct{ mine, other, want float64 }{{70, 40, 1.3}, {-5, 0, 0.95}, {-20, -30, 1.1}} {
		if got := row(c.mine, c.other).Ratio(RainMPI); got < c.want-1e-9 || got > c.want+1e-9 {
			t.Errorf("%g %% beside %g: %g, want %g", c.mine, c.other, got, c.want)
		}
	}
}
