package bench

import (
	"fmt"
	"strconv"
	"strings"
)

// Bytes reads a size as the C program does: 8, 64k, 1M, which are binary.
func Bytes(s string) (int, error) {
	digits, shift := s, 0
	switch low := strings.ToLower(s); {
	case strings.HasSuffix(low, "k"):
		digits, shift = s[:len(s)-1], 10
	case strings.HasSuffix(low, "m"):
		digits, shift = s[:len(s)-1], 20
	}
	n, err := strconv.ParseUint(digits, 10, 40)
	if err != nil {
		return 0, fmt.Errorf("bench: %q is no size: bytes, as in 8, 64k or 1M", s)
	}
	return int(n) << shift, nil
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
