package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
)

// A Baseline is how good rainmpi was beside the best other implementation, by row and by processor. Ratios of
// interleaved runs can be compared between days; times cannot. Nor can ratios between processors: what copies through a
// shared cache is twice as fast as the others on one, and as fast on another.
type Baseline struct {
	file      string
	Processor string                        // this one
	Ratios    map[string]map[string]float64 // by processor and row
}

// tolerance is how much of a ratio may be lost: what the same program loses and
// wins from one quiet run to the next.
const tolerance = 0.15

// OpenBaseline reads a file. There may be none yet.
func OpenBaseline(file string) (*Baseline, error) {
	b := &Baseline{file: file, Processor: processor(), Ratios: map[string]map[string]float64{}}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return b, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &b.Ratios)
	}
	if err != nil {
		return nil, fmt.Errorf("bench: the baseline %s: %w", file, err)
	}
	return b, nil
}

// processor names this machine's, with the number of its cores. Linux has no name on some architectures.
func processor() string {
	name := runtime.GOARCH
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	return fmt.Sprintf("%s, %d cores", name, runtime.NumCPU())
}

// key is a row's name in the file. place is where it was measured, and whose API it was if it was not C's.
func (r Row) key(place, mine string) string {
	if mine == GoAPI {
		place += ", Go API,"
	}
	return fmt.Sprintf("%s %s %s, %d ranks", place, r.Test, sizeName(r.Size), r.Ranks)
}

// Compare returns what has become worse, and what cannot be compared, a line each. mine is the implementation that is
// compared with the others.
func (b *Baseline) Compare(place, mine string, rows []Row) (worse []string) {
	for _, r := range rows {
		now, key := r.Ratio(mine), r.key(place, mine)
		switch was, ok := b.Ratios[b.Processor][key]; {
		case !ok:
			worse = append(worse, fmt.Sprintf("%s: not in the baseline of %s: store it with --update", key, b.Processor))
		case now == 0:
			worse = append(worse, key+": nobody to compare with")
		case now < was*(1-tolerance):
			worse = append(worse, fmt.Sprintf("%s: %.2f beside the best other, was %.2f", key, now, was))
		}
	}
	return worse
}

// Update stores the ratios of these rows, and leaves the others.
func (b *Baseline) Update(place, mine string, rows []Row) error {
	ratios := b.Ratios[b.Processor]
	if ratios == nil {
		ratios = map[string]float64{}
		b.Ratios[b.Processor] = ratios
	}
	for _, r := range rows {
		if now := r.Ratio(mine); now > 0 {
			ratios[r.key(place, mine)] = float64(int(now*100+0.5)) / 100
		}
	}
	text, err := json.MarshalIndent(b.Ratios, "", "\t") // sorted by key
	if err != nil {
		return err
	}
	return os.WriteFile(b.file, append(text, '\n'), 0o644)
}
