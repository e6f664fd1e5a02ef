// Cpusamples provokes samples of the CPU profiler in the trace: two goroutines
// compute for 400 ms, in encode and in compress, while the profiler is on.
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const compute = 400 * time.Millisecond

func encode() {
	work.Spin(compute)
}

func compress() {
	work.Spin(compute)
}

func main() {
	record.RunSampled(func() {
		var all sync.WaitGroup
		for _, f := range []func(){encode, compress} {
			all.Add(1)
			go func() {
				defer all.Done()
				f()
			}()
		}
		all.Wait()
	})
}
