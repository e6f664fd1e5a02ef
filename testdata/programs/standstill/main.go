// Standstill provokes a program whose goroutines all wait for each other: pack and
// label wait for a lock that the other one holds, print for their work, and main for
// all three.
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const (
	period = 900 * time.Millisecond
	step   = 20 * time.Millisecond
)

type shelf struct {
	boxes, labels sync.Mutex
	done          chan int
}

func (s *shelf) pack() {
	s.boxes.Lock()
	defer s.boxes.Unlock()
	time.Sleep(step)
	s.labels.Lock()
	s.labels.Unlock()
	s.done <- 1
}

func (s *shelf) label() {
	s.labels.Lock()
	defer s.labels.Unlock()
	time.Sleep(step)
	s.boxes.Lock()
	s.boxes.Unlock()
	s.done <- 2
}

func (s *shelf) print() {
	for range s.done {
		time.Sleep(step)
	}
}

func main() {
	record.RunFor(period, func() {
		s := &shelf{done: make(chan int)}
		var wg sync.WaitGroup
		start := func(work func()) {
			wg.Add(1)
			go func() {
				defer wg.Done()
				work()
			}()
		}
		start(s.pack)
		start(s.label)
		start(s.print)
		wg.Wait()
	})
}
