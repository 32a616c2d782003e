package bench

import "testing"

// Sizes are read as the C program reads them.
func TestBytes(t *testing.T) {
	for word, want := range map[string]int{"0": 0, "8": 8, "64k": 65536, "1M": 1 << 20, "0.5K": 512,
		"k": -1, "1q": -1, "": -1, "-1": -1, "8b": -1, "NaN": -1, "99999999999": -1} {
		if got, err := Bytes(word); (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v, want %d", word, got, err, want)
		}
	}
}
