// Waitgroup provokes waits of package sync that are no lock contention: main waits
// 200 ms for a sync.WaitGroup, and three consumers wait for a sync.Cond each.
//
// The reason of the first is "sync", like that of a Mutex; only the stack tells.
// Each Cond has one waiter and is signalled without its lock, so that nobody ever
// waits for a Mutex.
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const (
	consumers = 3
	batches   = 4
	period    = 50 * time.Millisecond
)

type mailbox struct {
	mu     sync.Mutex
	filled sync.Cond
	items  int
}

func newMailbox() *mailbox {
	m := &mailbox{}
	m.filled.L = &m.mu
	return m
}

func (m *mailbox) put() {
	m.mu.Lock()
	m.items++
	m.mu.Unlock()
	m.filled.Signal()
}

func (m *mailbox) take() {
	m.mu.Lock()
	for m.items == 0 {
		m.filled.Wait()
	}
	m.items--
	m.mu.Unlock()
}

func main() {
	record.Run(func() {
		var all sync.WaitGroup
		for range consumers {
			box := newMailbox()
			all.Add(2)
			go func() {
				defer all.Done()
				for range batches {
					time.Sleep(period)
					box.put()
				}
			}()
			go func() {
				defer all.Done()
				for range batches {
					box.take()
				}
			}()
		}
		all.Wait()
	})
}
