// Regions misuses the regions of runtime/trace in every way, as libraries do: never
// ended, ended by another goroutine, ended twice, and last, ended in the order in
// which they began. Go's own reader stops there. The lock after that is held for 100 ms.
package main

import (
	"context"
	"runtime/trace"
	"sync"
	"time"

	"example.com/programs/internal/record"
)

func abandon(ctx context.Context) {
	trace.StartRegion(ctx, "abandoned")
}

func handOver(region *trace.Region) {
	region.End()
}

func endTwice(ctx context.Context) {
	region := trace.StartRegion(ctx, "twice")
	region.End()
	region.End()
}

func endInOrder(ctx context.Context) {
	var batch []*trace.Region
	for _, name := range []string{"first", "second", "third"} {
		batch = append(batch, trace.StartRegion(ctx, name))
	}
	for _, region := range batch {
		region.End()
	}
}

func waitForLock() {
	var mu sync.Mutex
	mu.Lock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		mu.Lock()
		mu.Unlock()
	}()
	time.Sleep(100 * time.Millisecond)
	mu.Unlock()
	<-done
}

func main() {
	record.Run(func() {
		ctx := context.Background()
		var workers sync.WaitGroup
		workers.Add(2)
		go func() {
			defer workers.Done()
			abandon(ctx)
		}()
		region := trace.StartRegion(ctx, "handed over")
		go func() {
			defer workers.Done()
			handOver(region)
		}()
		workers.Wait()
		region.End()
		endTwice(ctx)
		endInOrder(ctx)
		waitForLock()
	})
}
