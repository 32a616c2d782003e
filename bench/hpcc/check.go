package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"rainmpi/bench"
)

const (
	leastShare = 0.2   // of each rail of all that the first host sent
	leastAlone = 0.75  // of what it sent while the other rail was broken; the rest went into the broken one before that was noticed
	mostFFT    = 1e-10 // of the FFT's greatest error; a correct one is off by rounding, about 1e-15
)

// sections are what must begin and end.
var sections = []string{"MPIRandomAccess", "StarRandomAccess", "SingleRandomAccess", "MPIRandomAccess_LCG",
	"StarRandomAccess_LCG", "SingleRandomAccess_LCG", "PTRANS", "StarDGEMM", "SingleDGEMM", "StarSTREAM",
	"SingleSTREAM", "MPIFFT", "StarFFT", "SingleFFT", "LatencyBandwidth", "HPL"}

var (
	tables    = regexp.MustCompile(`Found (\d+) errors in (\d+) locations \((\w+)\)`)
	nodes     = regexp.MustCompile(`Node\(s\) with error (\d+)`)
	completed = regexp.MustCompile(`(\d+)\s+tests completed and (passed|failed) residual checks`)
	skips     = regexp.MustCompile(`(\d+)\s+tests skipped because of illegal input`)
)

// checkOutput looks for each of HPCC's own checks in its output and returns what
// is wrong or missing.
func checkOutput(out string) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, s := range sections {
		if !strings.Contains(out, "Begin of "+s+" section") || !strings.Contains(out, "End of "+s+" section") {
			wrong("section %s did not begin and end", s)
		}
	}
	found := tables.FindAllStringSubmatch(out, -1)
	for _, m := range found {
		if m[3] != "passed" {
			wrong("RandomAccess: %s", m[0])
		}
	}
	if len(found) < 4 {
		wrong("RandomAccess: %d tables were checked, not 4 at least", len(found))
	}
	for _, m := range nodes.FindAllStringSubmatch(out, -1) {
		if m[1] != "0" {
			wrong("%s", m[0])
		}
	}
	// PTRANS and HPL count in the same words.
	passed := 0
	for _, m := range completed.FindAllStringSubmatch(out, -1) {
		switch n, _ := strconv.Atoi(m[1]); {
		case m[2] == "passed" && n > 0:
			passed++
		case m[2] == "failed" && n > 0:
			wrong("residuals: %s", m[0])
		}
	}
	if passed != 2 {
		wrong("%d of PTRANS and HPL say that tests passed, not both", passed)
	}
	for _, m := range skips.FindAllStringSubmatch(out, -1) {
		if m[1] != "0" {
			wrong("%s", m[0])
		}
	}
	return append(problems, checkSummary(summary(out))...)
}

func checkSummary(s map[string]string) (problems []string) {
	number := func(key string) float64 {
		v, err := strconv.ParseFloat(s[key], 64)
		if err != nil {
			problems = append(problems, fmt.Sprintf("the summary has no number %s", key))
		}
		return v
	}
	if s["Success"] != "1" {
		problems = append(problems, fmt.Sprintf("HPCC's summary says Success=%s", s["Success"]))
	}
	if e := number("MPIFFT_maxErr"); !(e >= 0 && e <= mostFFT) {
		problems = append(problems, fmt.Sprintf("the FFT is off by %g", e))
	}
	for _, key := range []string{"MPIRandomAccess_ErrorsFraction", "MPIRandomAccess_LCG_ErrorsFraction"} {
		if e := number(key); !(e >= 0 && e <= 0.01) {
			problems = append(problems, fmt.Sprintf("%s is %g, more than the rule's 0.01", key, e))
		}
	}
	for _, key := range []string{"HPL_Tflops", "PTRANS_GBs", "MPIFFT_Gflops", "MinPingPongBandwidth_GBytes", "RandomlyOrderedRingBandwidth_GBytes"} {
		if v := number(key); !(v > 0) {
			problems = append(problems, fmt.Sprintf("%s is %g: nothing was measured", key, v))
		}
	}
	return problems
}

// summary is the last section: key=value.
func summary(out string) map[string]string {
	s := map[string]string{}
	_, text, _ := strings.Cut(out, "Begin of Summary section.")
	for line := range strings.SplitSeq(text, "\n") {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			s[key] = value
		}
	}
	return s
}

// checkFaults sees to it that the run was going on at each fault and repair, and
// that the traffic went over the other rail in between, or that there was none.
func (r *outcome) checkFaults(o *options) (problems []string) {
	if len(r.events) != r.planned {
		return []string{fmt.Sprintf("%d of %d faults and repairs fell inside the run: choose earlier times or a greater order", len(r.events), r.planned)}
	}
	if o.total > 0 {
		return r.checkTotal()
	}
	for i := 0; i+1 < len(r.events); i += 2 {
		broken, mended := r.events[i], r.events[i+1]
		if broken.status == nil || mended.status == nil {
			problems = append(problems, "the lab's counters could not be read at a fault")
			continue
		}
		for k, share := range bench.Shares(broken.status, mended.status) {
			if name := mended.status.Rails[k].Name; name != broken.event.Fault.Rail && share < leastAlone {
				problems = append(problems, fmt.Sprintf("while %s was broken, %s carried only %.0f %% of what h1 sent", broken.event.Fault.Rail, name, 100*share))
			}
		}
	}
	return problems
}

// checkTotal sees to it that nothing went from host to host while all rails were cut.
func (r *outcome) checkTotal() (problems []string) {
	if len(r.events) == 0 {
		return nil
	}
	cut, mended := r.events[1], r.events[2]
	if cut.status == nil || mended.status == nil {
		return []string{"the lab's counters could not be read at a fault"}
	}
	for k, rail := range mended.status.Rails {
		const h2 = 1
		if n := rail.Cables[h2].Counters.Sub(cut.status.Rails[k].Cables[h2].Counters).RxPackets; n > 0 {
			problems = append(problems, fmt.Sprintf("%d packets came to h2 over %s while it was cut", n, rail.Name))
		}
	}
	return problems
}
