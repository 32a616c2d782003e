package main

import (
	"io"
	"strings"
	"testing"
)

// good is what HPCC prints when all is well, cut down to what is looked at.
func good() string {
	var b strings.Builder
	for _, s := range sections {
		b.WriteString("Begin of " + s + " section.\n")
		switch {
		case strings.Contains(s, "RandomAccess"):
			b.WriteString("Found 0 errors in 524288 locations (passed).\nNode(s) with error 0\n")
		case s == "PTRANS":
			b.WriteString("    5 tests completed and passed residual checks.\n    0 tests completed and failed residual checks.\n")
		case s == "HPL":
			b.WriteString("             1 tests completed and passed residual checks,\n             0 tests completed and failed residual checks,\n" +
				"             0 tests skipped because of illegal input values.\n")
		}
		b.WriteString("End of " + s + " section.\n")
	}
	b.WriteString("Begin of Summary section.\nSuccess=1\nHPL_Tflops=0.001\nPTRANS_GBs=0.1\nMPIFFT_Gflops=1\nMPIFFT_maxErr=1e-15\n" +
		"MPIRandomAccess_ErrorsFraction=0\nMPIRandomAccess_LCG_ErrorsFraction=0\n" +
		"MinPingPongBandwidth_GBytes=0.1\nRandomlyOrderedRingBandwidth_GBytes=0.1\nEnd of Summary section.\n")
	return b.String()
}

func TestCheckOutput(t *testing.T) {
	if problems := checkOutput(good()); len(problems) > 0 {
		t.Fatalf("a good run: %q", problems)
	}
	for _, c := range []struct{ old, new, says string }{
		{"locations (passed)", "locations (failed)", "RandomAccess"},
		{"5 tests completed and passed", "0 tests completed and passed", "not both"},
		{" 0 tests completed and failed", " 1 tests completed and failed", "residuals"},
		{"End of MPIFFT section", "", "section MPIFFT"},
		{"Success=1", "Success=0", "Success=0"},
		{"maxErr=1e-15", "maxErr=0.5", "FFT"},
		{"maxErr=1e-15", "maxErr=nan", "FFT"},
		{"with error 0", "with error 3", "with error 3"},
		{"PTRANS_GBs=0.1", "", "PTRANS_GBs"},
		{"_LCG_ErrorsFraction=0", "_LCG_ErrorsFraction=0.2", "ErrorsFraction"},
	} {
		problems := strings.Join(checkOutput(strings.Replace(good(), c.old, c.new, 1)), "; ")
		if !strings.Contains(problems, c.says) {
			t.Errorf("%q in place of %q: found %q", c.new, c.old, problems)
		}
	}
}

func TestSection(t *testing.T) {
	if got := section("Begin of PTRANS section.\nx\nEnd of PTRANS section.\nBegin of StarDGEMM section.\n"); got != "StarDGEMM" {
		t.Errorf("section %q", got)
	}
}

func TestInput(t *testing.T) {
	text, err := input(1600, 4)
	if lines := strings.Split(text, "\n"); err != nil || len(lines) != 37 || !strings.HasPrefix(lines[5], "1600 ") {
		t.Errorf("%d lines, %v:\n%s", len(lines), err, text)
	}
	if _, err := input(1600, 3); err == nil {
		t.Error("3 ranks on a grid of 2 columns")
	}
}

// TestHere: on one machine nothing is broken, and HPCC's own checks decide alone.
func TestHere(t *testing.T) {
	o := &options{here: true, cut: 1, hole: 2}
	if events := o.events(); len(events) > 0 {
		t.Errorf("faults without a lab: %v", events)
	}
	r := &outcome{output: good()}
	if err := r.report(io.Discard, o); err != nil {
		t.Errorf("a good run: %v", err)
	}
	r.output = strings.Replace(good(), "Success=1", "Success=0", 1)
	if err := r.report(io.Discard, o); err == nil || !strings.Contains(err.Error(), "Success=0") {
		t.Errorf("a bad run: %v", err)
	}
	o.total = 1
	if err := hpcc(t.Context(), o); err == nil || !strings.Contains(err.Error(), "--total") {
		t.Errorf("--here --total: %v", err)
	}
}
