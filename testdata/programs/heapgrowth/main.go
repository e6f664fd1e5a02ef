// Heapgrowth provokes a live heap that grows by 160 MB within a second and stays:
// fillCache keeps what it allocates, and the collector runs at every 20 % of growth,
// so that the heap after each cycle shows it.
package main

import (
	"runtime"
	"runtime/debug"
	"time"

	"example.com/programs/internal/record"
)

const (
	chunks    = 160
	chunkSize = 1 << 20
	period    = 5 * time.Millisecond
)

type cache struct {
	chunks [][]byte
}

func (c *cache) fillCache() {
	c.chunks = append(c.chunks, make([]byte, chunkSize))
}

func main() {
	runtime.GOMAXPROCS(1) // two sweepers wait for each other with many events
	debug.SetGCPercent(20)
	var c cache
	record.Run(func() {
		for range chunks {
			c.fillCache()
			time.Sleep(period)
		}
	})
	runtime.KeepAlive(&c)
}
