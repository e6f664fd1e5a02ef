// Smallgrowth provokes a harmless growth of the number of goroutines: a pool of
// six workers gets three more, or -grow of them, over half a second.
//
// In per cent that is much, yet it is no leak.
package main

import (
	"flag"
	"time"

	"example.com/programs/internal/record"
)

const (
	base   = 6
	period = 60 * time.Millisecond
)

func work(jobs <-chan int, results chan<- int) {
	for job := range jobs {
		time.Sleep(time.Millisecond)
		results <- job
	}
}

func main() {
	grow := flag.Int("grow", 3, "the number of workers to add")
	flag.Parse()
	jobs, results := make(chan int), make(chan int)
	for range base {
		go work(jobs, results)
	}
	record.Run(func() {
		for round := range 8 {
			if round < *grow {
				go work(jobs, results)
			}
			jobs <- round
			<-results
			time.Sleep(period)
		}
	})
}
