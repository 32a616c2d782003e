package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A Baseline is how good rainmpi was beside the best other implementation, by row.
// Ratios of interleaved runs can be compared between machines and days; times
// cannot.
type Baseline struct {
	file   string
	Ratios map[string]float64
}

// tolerance is how much of a ratio may be lost: what the same program loses and
// wins from one quiet run to the next.
const tolerance = 0.15

// OpenBaseline reads a file. There may be none yet.
func OpenBaseline(file string) (*Baseline, error) {
	b := &Baseline{file: file, Ratios: map[string]float64{}}
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

// key is a row's name in the file. place is where it was measured.
func (r Row) key(place string) string {
	return fmt.Sprintf("%s %s %s, %d ranks", place, r.Test, sizeName(r.Size), r.Ranks)
}

// Compare returns what has become worse, and what cannot be compared, a line each.
func (b *Baseline) Compare(place string, rows []Row) (worse []string) {
	for _, r := range rows {
		now, key := r.Ratio(RainMPI), r.key(place)
		switch was, ok := b.Ratios[key]; {
		case !ok:
			worse = append(worse, key+": not in the baseline: store it with --update")
		case now == 0:
			worse = append(worse, key+": nobody to compare with")
		case now < was*(1-tolerance):
			worse = append(worse, fmt.Sprintf("%s: %.2f beside the best other, was %.2f", key, now, was))
		}
	}
	return worse
}

// Update stores the ratios of these rows, and leaves the others.
func (b *Baseline) Update(place string, rows []Row) error {
	for _, r := range rows {
		if now := r.Ratio(RainMPI); now > 0 {
			b.Ratios[r.key(place)] = float64(int(now*100+0.5)) / 100
		}
	}
	text, err := json.MarshalIndent(b.Ratios, "", "\t") // sorted by key
	if err != nil {
		return err
	}
	return os.WriteFile(b.file, append(text, '\n'), 0o644)
}
