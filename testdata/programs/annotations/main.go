// Annotations provokes every user annotation: nested tasks, a task that spans
// goroutines, a task that never ends, regions in regions, a region left open, logs
// with and without a category and with text that needs escaping.
package main

import (
	"context"
	"runtime/trace"
	"sync"
	"time"

	"example.com/programs/internal/record"
)

func query(ctx context.Context, table string) {
	defer trace.StartRegion(ctx, "query").End()
	trace.Logf(ctx, "sql", "SELECT * FROM %q", table)
	time.Sleep(3 * time.Millisecond)
}

func handle(ctx context.Context, number int) {
	ctx, task := trace.NewTask(ctx, "request")
	defer task.End()
	trace.Logf(ctx, "number", "%d", number)
	trace.WithRegion(ctx, "load", func() {
		query(ctx, "users")
		query(ctx, "orders")
	})
	var parts sync.WaitGroup
	for range 2 {
		parts.Add(1)
		go func() {
			defer parts.Done()
			trace.WithRegion(ctx, "render", func() { time.Sleep(2 * time.Millisecond) })
		}()
	}
	parts.Wait()
}

// abandon begins a task and a region and ends neither.
func abandon(ctx context.Context) {
	ctx, _ = trace.NewTask(ctx, "abandoned")
	trace.StartRegion(ctx, "left open")
	trace.Log(ctx, "", "no category; <b>&\t\"quoted\" – naïve 日本")
}

func main() {
	record.Run(func() {
		ctx, task := trace.NewTask(context.Background(), "session")
		for number := range 5 {
			handle(ctx, number)
		}
		trace.WithRegion(context.Background(), "no task", func() { time.Sleep(time.Millisecond) })
		done := make(chan struct{})
		go func() {
			defer close(done)
			abandon(ctx)
		}()
		<-done
		task.End()
	})
}
