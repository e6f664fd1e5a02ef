// Gcpause provokes long stop-the-world pauses of the garbage collector.
//
// Pauses are short in healthy programs, as every goroutine can be stopped within
// microseconds. With GODEBUG=asyncpreemptoff=1 a loop without calls can not, and
// the collector has to wait for its end: 30 ms, in checksum. Four million pointers
// make the cycles themselves long. They are in one object and cycles are begun by
// allocation: runtime.GC yields for every span that is swept, with events each.
package main

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const (
	cycles = 8
	loop   = 30 * time.Millisecond
	fanout = 4 << 20
)

// calibrate returns the number of rounds of work.Mix that take about d.
func calibrate(d time.Duration) int {
	const rounds = 10_000_000
	best := time.Hour
	for range 3 {
		start := time.Now()
		work.Mix(1, rounds)
		best = min(best, time.Since(start))
	}
	return int(rounds * d / best)
}

func checksum(rounds int, started *atomic.Bool) {
	started.Store(true)
	work.Mix(1, rounds)
}

// fillBuffers allocates more than the heap may grow without a cycle.
func fillBuffers(started *atomic.Bool) {
	for !started.Load() {
		runtime.Gosched()
	}
	for range 8 {
		runtime.KeepAlive(make([]byte, 1<<20))
	}
}

func main() {
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(5)
	rounds := calibrate(loop)
	heap := make([]*work.Node, fanout)
	for i := range heap {
		heap[i] = heap[i/2]
		if i < 1024 {
			heap[i] = work.Tree(1)
		}
	}
	record.Run(func() {
		for range cycles {
			var started atomic.Bool
			var both sync.WaitGroup
			both.Add(1)
			go func() {
				defer both.Done()
				checksum(rounds, &started)
			}()
			fillBuffers(&started)
			both.Wait()
			time.Sleep(10 * time.Millisecond) // the end of the cycle
		}
	})
	runtime.KeepAlive(heap)
}
