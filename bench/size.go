package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes reads a size as the C program does: 8, 64k, 1M, which are binary.
func Bytes(s string) (int, error) {
	digits, unit := s, 1
	switch low := strings.ToLower(s); {
	case strings.HasSuffix(low, "k"):
		digits, unit = s[:len(s)-1], 1<<10
	case strings.HasSuffix(low, "m"):
		digits, unit = s[:len(s)-1], mebibyte
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(v >= 0 && v < 1<<30) {
		return 0, fmt.Errorf("size %q: write it like 8, 64k or 1M", s)
	}
	return int(v * float64(unit)), nil
}

func sizeName(n int) string {
	switch {
	case n >= 1<<20 && n%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", n>>20)
	case n >= 1<<10 && n%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}
