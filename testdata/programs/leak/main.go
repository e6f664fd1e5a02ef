// Leak provokes a steady growth of the number of goroutines: spawnWatcher starts
// one every few milliseconds, and each waits forever for a channel that nobody
// closes.
//
// A reader should name spawnWatcher as the place where the survivors come from,
// and "chan receive" as what they are blocked on.
package main

import (
	"time"

	"example.com/programs/internal/record"
)

const (
	leaked = 150
	period = 5 * time.Millisecond
)

type subscription struct {
	changes chan int
	seen    int
}

func (s *subscription) watch() {
	for change := range s.changes {
		s.seen += change
	}
}

func spawnWatcher() {
	s := &subscription{changes: make(chan int)}
	go s.watch()
}

func answerPings(pings <-chan chan<- int) {
	for reply := range pings {
		reply <- 1
	}
}

func main() {
	pings := make(chan chan<- int)
	for range 4 {
		go answerPings(pings)
	}
	record.Run(func() {
		for range leaked {
			spawnWatcher()
			reply := make(chan int)
			pings <- reply
			<-reply
			time.Sleep(period)
		}
	})
}
