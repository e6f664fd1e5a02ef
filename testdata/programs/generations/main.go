// Generations provokes a trace of several generations (the tracer begins a new one
// every second) with few events, in which goroutines are in every state over the
// boundaries: receiving, sending, in a select, waiting for a Mutex, a Cond and a
// WaitGroup, asleep, in a system call, and running.
package main

import (
	"log"
	"sync"
	"syscall"
	"time"

	"example.com/programs/internal/record"
	"example.com/programs/internal/work"
)

const length = 3300 * time.Millisecond

// readPipe blocks in read(2) until the pipe is closed.
func readPipe(fd int) {
	var buffer [1]byte
	for {
		if _, err := syscall.Read(fd, buffer[:]); err != syscall.EINTR {
			return
		}
	}
}

func main() {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		log.Fatal(err)
	}
	record.Run(func() {
		var (
			all, end     sync.WaitGroup
			mu, condLock sync.Mutex
			values       = make(chan int)
			wanted       = make(chan int)
			stop         = make(chan struct{})
			ended        bool
		)
		cond := sync.NewCond(&condLock)
		end.Add(1)
		mu.Lock()
		for _, f := range []func(){
			func() { <-values },
			func() { wanted <- 1 },
			func() {
				select {
				case <-values:
				case <-stop:
				}
			},
			func() {
				mu.Lock()
				defer mu.Unlock()
			},
			func() {
				condLock.Lock()
				defer condLock.Unlock()
				for !ended {
					cond.Wait()
				}
			},
			func() { end.Wait() },
			func() { time.Sleep(length) },
			func() { readPipe(pipe[0]) },
			func() { work.Spin(length) },
		} {
			all.Add(1)
			go func() {
				defer all.Done()
				f()
			}()
		}
		time.Sleep(length)
		close(stop)
		close(values)
		<-wanted
		mu.Unlock()
		condLock.Lock()
		ended = true
		condLock.Unlock()
		cond.Broadcast()
		end.Done()
		if err := syscall.Close(pipe[1]); err != nil {
			log.Fatal(err)
		}
		all.Wait()
	})
}
