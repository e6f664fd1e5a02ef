// Memstats provokes stop-the-world pauses that are none of the garbage collector's:
// runtime.ReadMemStats in a loop, as a monitoring library would call it.
package main

import (
	"runtime"
	"time"

	"example.com/programs/internal/record"
)

func sampleMemory() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func main() {
	record.Run(func() {
		for range 20 {
			sampleMemory()
			time.Sleep(5 * time.Millisecond)
		}
	})
}
