// Lockcontention provokes ordinary lock contention: waits of some milliseconds on
// a sync.Mutex (in increment) and on both sides of a sync.RWMutex (in lookup and
// refresh).
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const (
	workers = 4
	rounds  = 10
	hold    = 3 * time.Millisecond
	query   = 8 * time.Millisecond // longer, so that several get there before it ends
)

type counter struct {
	mu    sync.Mutex
	value int
}

func (c *counter) increment() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.value++
	time.Sleep(hold)
}

type table struct {
	mu   sync.RWMutex
	rows map[int]int
}

func (t *table) lookup(key int) int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	time.Sleep(query)
	return t.rows[key]
}

func (t *table) refresh(key int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[key]++
	time.Sleep(query)
}

func main() {
	c, t := &counter{}, &table{rows: make(map[int]int)}
	record.Run(func() {
		var all sync.WaitGroup
		for worker := range workers {
			all.Add(1)
			go func() {
				defer all.Done()
				for round := range rounds {
					c.increment()
					if (round+worker)%workers == 0 {
						t.refresh(worker)
					} else {
						t.lookup(worker)
					}
				}
			}()
		}
		all.Wait()
	})
}
