// Storm provokes as many events as it can for a while, from many threads at once:
// what a reader must put into order is in the widest of disorders here. Goroutines
// meet on channels and locks, yield, come and go, block in system calls on threads
// of their own, and allocate, so that the collector needs their help.
package main

import (
	"bytes"
	"context"
	"flag"
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"syscall"
	"time"
)

var (
	length  = flag.Duration("length", 40*time.Millisecond, "how long")
	workers = flag.Int("workers", 4, "goroutines of each kind")
)

type node struct{ next *node }

// pipes writes to a thread that reads: system calls that block, and that do not.
func pipes(over func() bool) {
	runtime.LockOSThread()
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		log.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		var buffer [1]byte
		for {
			n, err := syscall.Read(pipe[0], buffer[:])
			if n == 0 && err != syscall.EINTR {
				return
			}
		}
	}()
	for i := 0; !over(); {
		_, _ = syscall.Write(pipe[1], []byte{1})
		if i++; i%50 == 0 {
			time.Sleep(10 * time.Microsecond)
		}
	}
	_ = syscall.Close(pipe[1])
	<-done
}

func channels(over func() bool) {
	values := make(chan int)
	go func() {
		defer close(values)
		for !over() {
			values <- 1
		}
	}()
	for range values {
	}
}

func births(over func() bool) {
	for !over() {
		var all sync.WaitGroup
		for range 8 {
			all.Add(1)
			go func() { defer all.Done(); runtime.Gosched() }()
		}
		all.Wait()
	}
}

func allocations(over func() bool) {
	var list *node
	for i := 0; !over(); i++ {
		if list = (&node{list}); i%50_000 == 0 {
			list = nil
		}
		if i%1000 == 0 {
			time.Sleep(time.Microsecond)
		}
	}
	runtime.KeepAlive(list)
}

func annotations(over func() bool) {
	for !over() {
		ctx, task := trace.NewTask(context.Background(), "storm")
		trace.WithRegion(ctx, "outer", func() {
			trace.WithRegion(ctx, "inner", runtime.Gosched)
		})
		trace.Log(ctx, "category", "message")
		task.End()
		time.Sleep(50 * time.Microsecond)
	}
}

func main() {
	flag.Parse()
	var buffer bytes.Buffer
	if err := trace.Start(&buffer); err != nil {
		log.Fatal(err)
	}
	start := time.Now()
	over := func() bool { return time.Since(start) > *length }
	var mu sync.Mutex
	locks := func(over func() bool) {
		for !over() {
			mu.Lock()
			runtime.Gosched()
			mu.Unlock()
		}
	}
	var all sync.WaitGroup
	for range *workers {
		for _, f := range []func(func() bool){pipes, channels, births, locks, allocations, annotations} {
			all.Add(1)
			go func() { defer all.Done(); f(over) }()
		}
	}
	all.Wait()
	trace.Stop()
	if err := os.WriteFile(flag.Arg(0), buffer.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
