// Heapblip provokes an allocation of a few hundred kilobytes within a millisecond,
// which are free again after the next cycle of the collector.
//
// As a rate that is hundreds of megabytes a second, yet it is no heap growth.
package main

import (
	"runtime"
	"time"

	"example.com/programs/internal/record"
)

const blips = 13

func formatPage() int {
	page := make([][]byte, 0, blips)
	for range blips {
		page = append(page, make([]byte, 32<<10))
	}
	return len(page)
}

func main() {
	record.Run(func() {
		runtime.GC()
		time.Sleep(5 * time.Millisecond)
		formatPage()
		time.Sleep(5 * time.Millisecond)
		runtime.GC()
	})
}
