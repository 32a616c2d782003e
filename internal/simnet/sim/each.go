package sim

import (
	"runtime"
	"sync"
)

// Each runs seeds on all processors and hands their results to got, one at a
// time in no particular order, until that returns false.
func Each[R any](seeds []uint64, run func(seed uint64) R, got func(R) bool) {
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		next int
		stop bool
	)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for next < len(seeds) && !stop {
				seed := seeds[next]
				next++
				mu.Unlock()
				r := run(seed)
				mu.Lock()
				stop = stop || !got(r)
			}
		})
	}
	wg.Wait()
}
