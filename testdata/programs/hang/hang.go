// Package hang provokes tests that never end: drain waits for a channel that
// feed does not close, and swap and its other half wait for each other's locks.
package hang

import (
	"sync"
	"time"
)

const items = 5

func feed(out chan<- int) {
	for item := range items {
		out <- item
	}
}

func drain(in <-chan int) int {
	sum := 0
	for item := range in {
		sum += item
	}
	return sum
}

type pair struct {
	left, right sync.Mutex
}

func (p *pair) swap(first, second *sync.Mutex) {
	first.Lock()
	defer first.Unlock()
	time.Sleep(20 * time.Millisecond)
	second.Lock()
	second.Unlock()
}
