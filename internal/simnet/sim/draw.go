package sim

import (
	"math"
	"math/rand/v2"
)

// Pick returns i with a chance in proportion to weights[i].
func Pick(rng *rand.Rand, weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := rng.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	panic("unreachable")
}

// LogUniform draws between lo and hi, every factor of two being as likely.
func LogUniform(rng *rand.Rand, lo, hi int64) int64 {
	v := math.Exp(math.Log(float64(lo)) + rng.Float64()*(math.Log(float64(hi))-math.Log(float64(lo))))
	return min(max(int64(v), lo), hi)
}
