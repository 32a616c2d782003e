package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Profile says where the first rank's time goes in one test, by perf.
type Profile struct {
	Test   string   `json:"test"`
	Size   string   `json:"size"`
	Value  float64  `json:"value"` // what the test found, under perf
	Unit   string   `json:"unit"`
	Shares []Spent  `json:"shares"` // by class, the largest first
	Top    []Symbol `json:"top"`    // the largest symbols
}

// Spent is the part of the time that a class of work takes, 0 to 1.
type Spent struct {
	Class string  `json:"class"`
	Part  float64 `json:"part"`
}

// A Symbol is a function and its part of the time.
type Symbol struct {
	Name   string  `json:"name"`
	Object string  `json:"object"` // the file that it is in, or the kernel
	Part   float64 `json:"part"`
}

// FindPerf says whether perf is installed.
func FindPerf() error {
	if _, err := exec.LookPath("perf"); err != nil {
		return fmt.Errorf("bench: profiles are made by perf: %w: apt-get install linux-perf", err)
	}
	return nil
}

// A Profiler runs tests of the C program with its first rank under perf.
type Profiler struct {
	Setting Setting
	Impl    *Impl
	Prog    string
	Dir     string // for perf's data
	Ranks   int
	Seconds float64
}

// Run profiles one test at one size.
func (p *Profiler) Run(ctx context.Context, test, size string) (*Profile, error) {
	data := filepath.Join(p.Dir, "perf.data")
	script := fmt.Sprintf(`if [ "$RAIN_RANK" = 0 ]; then exec perf record -q -F 5000 -o '%s' "$@"; else exec "$@"; fi`, data)
	cmd := p.Impl.Command(&p.Setting, p.Ranks, "sh", "-c", script, "sh", p.Prog,
		"-t", test, "-s", size, "-d", fmt.Sprint(p.Seconds))
	run, err := Execute(ctx, cmd, seconds(p.Seconds*8)+time.Minute, nil)
	if err != nil {
		return nil, err
	}
	if len(run.Results) == 0 {
		return nil, fmt.Errorf("bench: %s of %s found nothing", test, size)
	}
	out, err := exec.CommandContext(ctx, "perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none",
		"-F", "overhead,dso,symbol").Output()
	if err != nil {
		return nil, fmt.Errorf("bench: perf report: %w", err)
	}
	symbols, err := readPerf(out)
	if err != nil {
		return nil, err
	}
	last := run.Results[len(run.Results)-1]
	return &Profile{Test: test, Size: size, Value: last.Value, Unit: last.Unit, Shares: classify(symbols), Top: symbols[:min(8, len(symbols))]}, nil
}

var perfLine = regexp.MustCompile(`^\s*([0-9.]+)%\s+(\S+)\s+\[(.)\]\s+(.+?)\s*$`)

// readPerf reads perf's report, the largest first.
func readPerf(out []byte) (symbols []Symbol, err error) {
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		m := perfLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		part, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return nil, fmt.Errorf("bench: perf report: %w", err)
		}
		object := m[2]
		if m[3] == "k" {
			object = "kernel"
		}
		symbols = append(symbols, Symbol{Name: m[4], Object: object, Part: part / 100})
	}
	if len(symbols) == 0 {
		return nil, errors.New("bench: perf has seen nothing: may this user profile (kernel.perf_event_paranoid)?")
	}
	slices.SortStableFunc(symbols, func(a, b Symbol) int { return cmp.Compare(b.Part, a.Part) })
	return symbols, nil
}

// classes of work, in the order in which a symbol is tried.
var classes = []struct {
	name    string
	symbols *regexp.Regexp
}{
	{"copying", regexp.MustCompile(`memmove|memcpy|copy_user|copy_(to|from)_|copyin|copyout|rep_movs|clear_page|copy_page`)},
	{"encryption", regexp.MustCompile(`(?i)gcm|ghash|aes`)},
	{"spinning and parking", regexp.MustCompile(`^(wait_a_little|came|ready|rain_pause|rain_look|work|park|pause_cpu|load)$|sched_yield|futex|ppoll|do_poll|main\.idle`)},
	{"crossing from C to Go", regexp.MustCompile(`cgocall|crosscall2|_cgoexp_|runtime\.(exitsyscall|entersyscall|reentersyscall|needm|dropm|casgstatus|save)`)},
	{"garbage collection", regexp.MustCompile(`runtime\.(gc|scan|grey|mallocgc|mark|sweep|bgsweep|heapBits|newobject|wb|bulkBarrier)`)},
	{"Go's scheduler", regexp.MustCompile(`^runtime\.`)},
	{"small collectives in C", regexp.MustCompile(`^(publish|agree|await|await_all|open|sum|slot_of|flat)$`)},
	{"reductions", regexp.MustCompile(`^rainmpi/mpi/internal/redop|^rain_reduce|^reduce_`)},
	{"short messages in C", regexp.MustCompile(`^(rain_fast_\w+|serve|send|put|done|deliver|release|ticket_of|possible|rain_serve|P?MPI_\w+|rain_\w+|flat_\w+)$`)},
	{"rainnet", regexp.MustCompile(`^rainmpi/rainnet`)},
	{"engine and matching", regexp.MustCompile(`^rainmpi/mpi|^main\.`)},
}

// classify sums up what symbols take.
func classify(symbols []Symbol) (spent []Spent) {
	parts := map[string]float64{}
	for _, s := range symbols {
		parts[classOf(s)] += s.Part
	}
	for class, part := range parts {
		spent = append(spent, Spent{class, part})
	}
	slices.SortFunc(spent, func(a, b Spent) int {
		return cmp.Or(cmp.Compare(b.Part, a.Part), strings.Compare(a.Class, b.Class))
	})
	return spent
}

func classOf(s Symbol) string {
	for _, c := range classes {
		if c.symbols.MatchString(s.Name) {
			return c.name
		}
	}
	switch {
	case s.Object == "kernel":
		return "kernel: network and system calls"
	case strings.HasPrefix(s.Object, "libmpi_abi"):
		return "engine and matching"
	}
	return "the program"
}
