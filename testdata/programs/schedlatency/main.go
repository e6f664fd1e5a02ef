// Schedlatency provokes long waits in the run queue: eight goroutines wait for a
// channel, all become runnable at its close, and each then computes for 20 ms
// where there is only one P.
//
// The event that makes them runnable happens in release, on another goroutine: a
// reader should show where the waiting goroutine itself is (in transform), and
// name the waker apart.
package main

import (
	"runtime"
	"sync"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const (
	workers = 8
	rounds  = 2
	compute = 20 * time.Millisecond
)

func transform(ready <-chan struct{}) {
	<-ready
	work.Spin(compute)
}

func release(ready chan<- struct{}) {
	close(ready)
}

func main() {
	runtime.GOMAXPROCS(1)
	record.Run(func() {
		for range rounds {
			ready := make(chan struct{})
			var all sync.WaitGroup
			for range workers {
				all.Add(1)
				go func() {
					defer all.Done()
					transform(ready)
				}()
			}
			time.Sleep(10 * time.Millisecond)
			release(ready)
			all.Wait()
		}
	})
}
