// Mix does a little of everything that a trace shows: channels, locks, system
// calls, timers, annotations, and enough garbage for the collector to run often.
package main

import (
	"context"
	"log"
	"os"
	"runtime/trace"
	"sync"
	"time"

	"example.com/bench/record"
)

// Of every kind of worker.
const each = 4

type node struct{ left, right *node }

func tree(depth int) *node {
	if depth == 0 {
		return &node{}
	}
	return &node{tree(depth - 1), tree(depth - 1)}
}

func produce(ctx context.Context, to chan<- int) {
	defer close(to)
	for number := 0; ctx.Err() == nil; number++ {
		to <- number
	}
}

func consume(from <-chan int) {
	for range from {
	}
}

// ledger is one lock that several goroutines want at once.
type ledger struct {
	sync.Mutex
	total uint64
}

func (l *ledger) add(ctx context.Context) {
	for ctx.Err() == nil {
		l.Lock()
		for range 400 {
			l.total = l.total*6364136223846793005 + 1442695040888963407
		}
		l.Unlock()
	}
}

func readFiles(ctx context.Context) {
	file, err := os.Open(os.Args[0])
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	buffer := make([]byte, 512)
	for offset := int64(0); ctx.Err() == nil; offset = (offset + 4096) % (1 << 20) {
		if _, err := file.ReadAt(buffer, offset); err != nil {
			log.Fatal(err)
		}
	}
}

func allocate(ctx context.Context) {
	for ctx.Err() == nil {
		ctx, task := trace.NewTask(ctx, "batch")
		trace.WithRegion(ctx, "tree", func() { tree(12) })
		trace.Log(ctx, "batch", "done")
		task.End()
		time.Sleep(100 * time.Microsecond)
	}
}

func fanOut(ctx context.Context) {
	for ctx.Err() == nil {
		var parts sync.WaitGroup
		for range 16 {
			parts.Add(1)
			go func() {
				defer parts.Done()
				tree(4)
			}()
		}
		parts.Wait()
	}
}

func main() {
	record.Run(func(ctx context.Context) {
		var workers sync.WaitGroup
		start := func(work func()) {
			workers.Add(1)
			go func() {
				defer workers.Done()
				work()
			}()
		}
		shared := new(ledger)
		for i := range each {
			pipe := make(chan int, i*4)
			start(func() { produce(ctx, pipe) })
			start(func() { consume(pipe) })
			start(func() { shared.add(ctx) })
			start(func() { allocate(ctx) })
		}
		start(func() { readFiles(ctx) })
		start(func() { fanOut(ctx) })
		workers.Wait()
	})
}
