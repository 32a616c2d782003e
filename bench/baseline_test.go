package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBaseline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ratios")
	row := func(mine, other float64) []Row {
		return []Row{{Test: "latency", Size: 8, Ranks: 2, Unit: "us", Median: map[string]float64{RainMPI: mine, OpenMPI: other}}}
	}
	b, err := OpenBaseline(file)
	if err != nil {
		t.Fatal(err)
	}
	if worse := b.Compare("one host", RainMPI, row(1, 2)); len(worse) != 1 || !strings.Contains(worse[0], "--update") {
		t.Errorf("without a baseline: %q", worse)
	}
	if err := b.Update("one host", RainMPI, row(1, 2)); err != nil {
		t.Fatal(err)
	}
	if b, err = OpenBaseline(file); err != nil || b.Ratios[b.Processor]["one host latency 8 B, 2 ranks"] != 2 {
		t.Fatalf("%v, %v", b, err)
	}
	for _, c := range []struct {
		mine, other float64
		worse       string
	}{
		{1, 2, ""},
		{1, 1.8, ""}, // within the tolerance
		{1, 3, ""},
		{1, 1.6, "1.60 beside the best other, was 2.00"},
		{1, 0, "nobody to compare with"},
	} {
		worse := strings.Join(b.Compare("one host", RainMPI, row(c.mine, c.other)), "\n")
		if (worse == "") != (c.worse == "") || !strings.Contains(worse, c.worse) {
			t.Errorf("%g beside %g: %q, want %q", c.mine, c.other, worse, c.worse)
		}
	}
	b.Processor = "another"
	if worse := b.Compare("one host", RainMPI, row(1, 1)); len(worse) != 1 || !strings.Contains(worse[0], "not in the baseline of another") {
		t.Errorf("ratios of another processor count: %q", worse)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBaseline(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a broken file: %v", err)
	}
}
