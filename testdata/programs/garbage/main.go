// Garbage provokes a live heap that seems to grow by tens of MB and stays there:
// shred keeps nothing, but what it allocates while the collector marks counts as
// live until the next cycle, and marking a long chain takes long.
package main

import (
	"runtime"
	"runtime/debug"

	"example.com/programs/internal/record"
)

const (
	links  = 400_000
	blocks = 900
	size   = 1 << 20
)

type link struct {
	next *link
	_    [56]byte
}

var kept *link

func forge() {
	for range links {
		kept = &link{next: kept}
	}
}

//go:noinline
func shred() {
	var last []byte
	for range blocks {
		last = make([]byte, size)
	}
	_ = last
}

func main() {
	debug.SetGCPercent(400)
	forge()
	record.Run(func() {
		runtime.GC()
		shred()
	})
	runtime.KeepAlive(kept)
}
