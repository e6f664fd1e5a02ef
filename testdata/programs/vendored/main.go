// Vendored provokes lock contention inside a vendored dependency that own code
// calls: the lock is example.com/dep's, the place to show is recordVisit.
//
// It is a module of its own, so that it can have a vendor directory.
package main

import (
	"bytes"
	"log"
	"os"
	"runtime/trace"
	"sync"

	"example.com/dep"
)

const (
	workers = 4
	visits  = 8
)

func recordVisit(counter *dep.Counter, page string) {
	counter.Add(page)
}

func main() {
	if len(os.Args) != 2 {
		log.Fatalf("usage: %s TRACE", os.Args[0])
	}
	var buffer bytes.Buffer
	if err := trace.Start(&buffer); err != nil {
		log.Fatal(err)
	}
	counter := dep.NewCounter()
	var all sync.WaitGroup
	for range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			for range visits {
				recordVisit(counter, "/")
			}
		}()
	}
	all.Wait()
	trace.Stop()
	if err := os.WriteFile(os.Args[1], buffer.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
