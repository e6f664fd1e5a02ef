// Chan sends numbers through pipelines: nearly every event is a channel operation
// that blocks, or a goroutine that starts or is unblocked.
package main

import (
	"context"
	"sync"

	"example.com/bench/record"
)

const (
	pipelines = 16
	stages    = 6
)

func produce(ctx context.Context, to chan<- int) {
	defer close(to)
	for number := 0; ctx.Err() == nil; number++ {
		to <- number
	}
}

func pass(from <-chan int, to chan<- int) {
	defer close(to)
	for number := range from {
		to <- number + 1
	}
}

func pipeline(ctx context.Context, buffer int) {
	pipe := make(chan int, buffer)
	go produce(ctx, pipe)
	for stage := 0; stage < stages; stage++ {
		next := make(chan int, buffer)
		go pass(pipe, next)
		pipe = next
	}
	for range pipe {
	}
}

func main() {
	record.Run(func(ctx context.Context) {
		var running sync.WaitGroup
		for i := 0; i < pipelines; i++ {
			running.Add(1)
			go func(buffer int) {
				defer running.Done()
				pipeline(ctx, buffer)
			}(i % 4)
		}
		running.Wait()
	})
}
