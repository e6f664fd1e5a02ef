// Lockwait provokes one wait of 4.5 s on a sync.Mutex.
//
// The tracer starts a new generation every second and announces the state of
// every goroutine again: a reader that takes this for the end of the wait, or for
// the start of another, reports less than 4.5 s.
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const held = 4500 * time.Millisecond

type ledger struct {
	mu      sync.Mutex
	entries int
}

func (l *ledger) holdTooLong(locked chan<- struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(locked)
	time.Sleep(held)
}

func (l *ledger) add() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries++
}

func main() {
	record.Run(func() {
		var l ledger
		locked, done := make(chan struct{}), make(chan struct{})
		go l.holdTooLong(locked)
		<-locked
		go func() {
			defer close(done)
			l.add()
		}()
		<-done
	})
}
