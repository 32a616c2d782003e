package simnet

import (
	"bufio"
	"flag"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rainmpi/internal/simnet/sim"
)

var (
	oneSeed = flag.Int64("seed", -1, "run this seed only")
	steps   = flag.Bool("steps", false, "print everything that happens in the seed")
)

// seedsFile lists seeds that failed once. They are run always.
const seedsFile = "testdata/seeds.txt"

// TestSeeds runs the seeds that failed once and 500 others, or as many as
// RAIN_SIM_SEEDS says: a number, or FIRST-LAST for a part of a long run.
func TestSeeds(t *testing.T) {
	if *oneSeed >= 0 {
		testSeed(t, uint64(*oneSeed))
		return
	}
	from, to := uint64(0), uint64(500)
	if v := os.Getenv("RAIN_SIM_SEEDS"); v != "" {
		first, last, part := strings.Cut(v, "-")
		if !part {
			first, last = "0", v
		}
		var err, err2 error
		from, err = strconv.ParseUint(first, 10, 64)
		to, err2 = strconv.ParseUint(last, 10, 64)
		if err != nil || err2 != nil || from >= to {
			t.Fatalf("RAIN_SIM_SEEDS=%s is neither a number nor FIRST-LAST, which leaves the last one out", v)
		}
	}
	// Memory is plenty, and a seed leaves much to collect.
	defer debug.SetGCPercent(debug.SetGCPercent(800))
	seeds := failedOnce(t)
	for i := from; i < to; i++ {
		if !slices.Contains(seeds, i) {
			seeds = append(seeds, i)
		}
	}
	var total Result
	sim.Each(seeds, func(seed uint64) Result { return Run(seed, Options{}) }, func(r Result) bool {
		report(t, r)
		total.Packets += r.Packets
		total.Messages += r.Messages
		total.Faults += r.Faults
		total.Took += r.Took
		total.Moves += r.Moves
		total.Groundless += r.Groundless
		if r.Groundless > 3 {
			t.Logf("%v", r)
		}
		total.Memory = max(total.Memory, r.Memory)
		return true
	})
	t.Logf("%d seeds: %d packets, %d messages, %d faults, %d transitions (%d without reason) in %v of virtual time; %d KiB at most",
		len(seeds), total.Packets, total.Messages, total.Faults, total.Moves, total.Groundless, duration(total.Took), total.Memory>>10)
}

func testSeed(t *testing.T, seed uint64) {
	o := Options{}
	if *steps {
		out := bufio.NewWriter(os.Stdout)
		defer out.Flush()
		o.Trace = func(line string) {
			out.WriteString(line)
			out.WriteByte('\n')
		}
	}
	r := Run(seed, o)
	t.Log(r)
	report(t, r)
}

func report(t *testing.T, r Result) {
	t.Helper()
	for _, f := range r.Failures {
		t.Errorf("seed %d: %s\nagain: go test ./internal/simnet -v -run TestSeeds -seed %d -steps", r.Seed, f, r.Seed)
	}
	if len(r.Failures) == 0 && (r.Packets < MinPackets || r.Faults < MinFaults) {
		t.Errorf("%v: not worth a seed", r)
	}
}

func failedOnce(t *testing.T) (seeds []uint64) {
	t.Helper()
	text, err := os.ReadFile(seedsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		word, _, _ := strings.Cut(line, " ")
		if word == "" || word == "#" {
			continue
		}
		n, err := strconv.ParseUint(word, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", seedsFile, err)
		}
		seeds = append(seeds, n)
	}
	return seeds
}

// TestSameSeed checks that a seed gives the same run twice, or no failure could
// be looked at again.
func TestSameSeed(t *testing.T) {
	for seed := uint64(1000); seed < 1004; seed++ {
		a, b := Run(seed, Options{}), Run(seed, Options{})
		if a.Digest != b.Digest || a.Packets != b.Packets || a.Took != b.Took {
			t.Errorf("seed %d ran differently:\n%v\n%v", seed, a, b)
		}
	}
}
