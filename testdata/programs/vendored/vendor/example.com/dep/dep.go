// Package dep counts visits, and holds its lock for too long.
package dep

import (
	"sync"
	"time"
)

// A Counter counts visits of pages.
type Counter struct {
	mu     sync.Mutex
	visits map[string]int
}

// NewCounter makes an empty Counter.
func NewCounter() *Counter {
	return &Counter{visits: make(map[string]int)}
}

// Add counts a visit, and takes 4 ms.
func (c *Counter) Add(page string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visits[page]++
	time.Sleep(4 * time.Millisecond)
}
