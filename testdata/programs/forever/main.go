// Forever provokes a burst of goroutines that can never go on, soon after the
// trace began: half of abandon's wait in an empty select, half for a nil channel.
package main

import (
	"time"

	"example.com/programs/internal/record"
)

const (
	goroutines = 120
	rest       = 300 * time.Millisecond
)

func abandon() {
	var never chan int
	for range goroutines {
		go func() { select {} }()
		go func() { <-never }()
	}
}

func main() {
	record.Run(func() {
		abandon()
		time.Sleep(rest)
	})
}
