// Chanwait provokes long waits on channels: eight goroutines receive from one for
// 900 ms, one sends for as long, and two wait in a select.
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const (
	receivers = 8
	selectors = 2
	delay     = 900 * time.Millisecond
)

func receive(jobs <-chan int) {
	<-jobs
}

func send(results chan<- int) {
	results <- 1
}

func receiveOrStop(jobs <-chan int, stop <-chan struct{}) {
	select {
	case <-jobs:
	case <-stop:
	}
}

func main() {
	record.Run(func() {
		jobs, never := make(chan int), make(chan int)
		results, stop := make(chan int), make(chan struct{})
		var all sync.WaitGroup
		start := func(f func()) {
			all.Add(1)
			go func() {
				defer all.Done()
				f()
			}()
		}
		for range receivers {
			start(func() { receive(jobs) })
		}
		for range selectors {
			start(func() { receiveOrStop(never, stop) })
		}
		start(func() { send(results) })
		time.Sleep(delay)
		for job := range receivers {
			jobs <- job
		}
		close(stop)
		<-results
		all.Wait()
	})
}
