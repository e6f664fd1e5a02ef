package kernels

import (
	"context"
	"sync"
	"time"
)

// watch waits for the end of a context that nobody cancels.
func watch() {
	ctx, cancel := context.WithCancel(context.Background())
	if fixed {
		defer cancel()
	}
	go func() {
		<-ctx.Done() // left: TestMissingCancel
	}()
	_ = cancel
}

// foreign is a context whose children need a goroutine each.
type foreign struct {
	context.Context
	done chan struct{}
}

func (f foreign) Done() <-chan struct{} { return f.done }

// derive has a child of another package's context, and does not cancel it.
func derive() {
	ctx, cancel := context.WithCancel(foreign{context.Background(), make(chan struct{})}) // left: TestForeignContext
	if fixed {
		cancel()
	}
	_, _ = ctx, cancel
}

// deadline works on after its caller has given up, and cannot hand over its result.
func deadline() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	done := make(chan int)
	go func() {
		settle()
		if fixed {
			select {
			case done <- 1:
			case <-ctx.Done():
			}
			return
		}
		done <- 1 // left: TestIgnoredDeadline
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// serve handles jobs and errors until it is told to stop, which nobody does.
func serve() {
	jobs, failures, quit := make(chan int), make(chan error), make(chan struct{})
	if fixed {
		defer close(quit)
	}
	go func() {
		for {
			select { // left: TestNoQuit
			case <-jobs:
			case <-failures:
			case <-quit:
				return
			}
		}
	}()
	jobs <- 1
}

// stage passes values on to a next stage that has ended.
func stage() {
	in, out, quit := make(chan int), make(chan int), make(chan struct{})
	go func() {
		for n := range in {
			select { // left: TestDeadStage
			case out <- n:
			case <-quit:
			}
		}
	}()
	in <- 1
	if fixed {
		close(quit)
		close(in)
	}
}

// choose waits for two channels that are both nil.
func choose() {
	var a, b chan int
	if fixed {
		a = make(chan int, 1)
		a <- 1
	}
	select { // hangs: TestNilSelect
	case <-a:
	case <-b:
	}
}

// rearm drains a timer that it has already received from.
func rearm() {
	timer := time.NewTimer(time.Millisecond)
	<-timer.C
	if !timer.Stop() && !fixed {
		<-timer.C // hangs: TestDrainTimer
	}
	timer.Reset(time.Millisecond)
	<-timer.C
}

// poll ranges over a ticker: to stop it does not close its channel.
func poll() {
	ticker, quit := time.NewTicker(time.Millisecond), make(chan struct{})
	if fixed {
		go func() {
			for {
				select {
				case <-ticker.C:
				case <-quit:
					return
				}
			}
		}()
	} else {
		go func() {
			for range ticker.C { // left: TestStoppedTicker
			}
		}()
	}
	settle()
	ticker.Stop()
	close(quit)
	settle()
}

// remind has a timer that reports to a function that has returned.
func remind() {
	expired := make(chan int)
	if fixed {
		expired = make(chan int, 1)
	}
	time.AfterFunc(time.Millisecond, func() {
		expired <- 1 // left: TestAfterFunc
	})
	settle()
}

// cache has a janitor that runs until the cache is closed.
type cache struct {
	mu   sync.Mutex
	quit chan struct{}
}

func newCache() *cache {
	c := &cache{quit: make(chan struct{})}
	go c.clean()
	return c
}

func (c *cache) clean() {
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select { // left: TestOpenCache
		case <-ticker.C:
			c.mu.Lock()
			c.mu.Unlock()
		case <-c.quit:
			return
		}
	}
}

func useCache() {
	c := newCache()
	settle()
	if fixed {
		close(c.quit)
	}
}
