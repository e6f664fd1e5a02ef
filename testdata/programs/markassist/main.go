// Markassist provokes mark assists: goroutines allocate faster than the collector
// marks, and must help it or wait for it, for milliseconds, in buildIndex.
//
// The heap is one big object full of pointers, and a low GOGC leaves little room.
// The rounds go on until the runtime says that its goroutines really had to assist.
package main

import (
	"log"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const (
	workers   = 4
	blocks    = 64
	fanout    = 8 << 20
	maxRounds = 20
	enough    = 0.02 // seconds of CPU time in assists
)

func assisted() float64 {
	sample := []metrics.Sample{{Name: "/cpu/classes/gc/mark/assist:cpu-seconds"}}
	metrics.Read(sample)
	return sample[0].Value.Float64()
}

func buildIndex() [][]*work.Node {
	var index [][]*work.Node
	for range blocks {
		index = append(index, make([]*work.Node, 8<<10))
	}
	return index
}

func main() {
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(5)
	heap, leaf := make([]*work.Node, fanout), work.Tree(1)
	for i := range heap {
		heap[i] = leaf
	}
	before := assisted()
	record.Run(func() {
		for round := 0; assisted()-before < enough; round++ {
			if round == maxRounds {
				log.Fatal("no mark assist")
			}
			var all sync.WaitGroup
			for range workers {
				all.Add(1)
				go func() {
					defer all.Done()
					runtime.KeepAlive(buildIndex())
				}()
			}
			all.Wait()
			runtime.GC() // brings the metric up to date
		}
	})
	runtime.KeepAlive(heap)
}
