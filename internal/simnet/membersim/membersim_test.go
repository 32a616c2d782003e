package membersim

import (
	"bufio"
	"flag"
	"os"
	"strconv"
	"testing"

	"rainmpi/internal/simnet/sim"
)

var (
	oneSeed = flag.Int64("seed", -1, "run this seed only")
	steps   = flag.Bool("steps", false, "print everything that happens in the seed")
)

// TestSeeds runs a fixed share of seeds, or as many as RAIN_MEMBER_SEEDS says.
func TestSeeds(t *testing.T) {
	if *oneSeed >= 0 {
		testSeed(t, uint64(*oneSeed))
		return
	}
	n := share
	if v := os.Getenv("RAIN_MEMBER_SEEDS"); v != "" {
		var err error
		if n, err = strconv.Atoi(v); err != nil {
			t.Fatalf("RAIN_MEMBER_SEEDS=%s is no number", v)
		}
	}
	var total Result
	bad := 0
	sim.Each(append(first(n), failedOnce...), func(seed uint64) Result { return Run(seed, Options{}) }, func(r Result) bool {
		report(t, r)
		total.Messages += r.Messages
		total.Views += r.Views
		total.Reigns += r.Reigns
		total.Took += r.Took
		if len(r.Failures) > 0 {
			bad++
		}
		return bad < 20
	})
	t.Logf("%d seeds: %d messages, %d views in %d reigns, %v of virtual time", n, total.Messages, total.Views, total.Reigns, duration(total.Took))
}

// share is about 15 s of one core.
const share = 600

// failedOnce are seeds beyond the share that found something: two rings that had
// passed their tokens to each other and waited for ever (885), messages of a
// majority that had died contradicted by one who had not fenced itself (1850, 2518,
// 2552), a removal that only newcomers had agreed to, who had promised nothing (1955).
// A seed's run changes with what draws from it, so this is no proof, only
// cheap.
var failedOnce = []uint64{885, 1850, 2518, 2552, 1955}

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
		t.Errorf("seed %d: %s\nagain: go test ./internal/simnet/membersim -v -run TestSeeds -seed %d -steps", r.Seed, f, r.Seed)
	}
}

// first are the seeds 0 to n-1.
func first(n int) (seeds []uint64) {
	for i := range uint64(n) {
		seeds = append(seeds, i)
	}
	return seeds
}

// TestSameSeed checks that a seed gives the same run twice, or no failure could be
// looked at again.
func TestSameSeed(t *testing.T) {
	for seed := uint64(1000); seed < 1010; seed++ {
		a, b := Run(seed, Options{}), Run(seed, Options{})
		if a.Messages != b.Messages || a.Views != b.Views || a.Took != b.Took {
			t.Errorf("seed %d ran differently:\n%v\n%v", seed, a, b)
		}
	}
}
