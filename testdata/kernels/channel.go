package kernels

import (
	"io"
	"time"
)

// ask gives up before the answer comes. Then nobody receives it.
func ask() bool {
	answer := make(chan int)
	if fixed {
		answer = make(chan int, 1)
	}
	go func() {
		time.Sleep(10 * time.Millisecond)
		answer <- 42 // left: TestLateAnswer
	}()
	select {
	case <-answer:
		return true
	case <-time.After(time.Millisecond):
		return false
	}
}

// sum forgets to close the channel that its helper ranges over.
func sum(numbers []int) {
	in := make(chan int)
	go func() {
		total := 0
		for n := range in { // left: TestMissingClose
			total += n
		}
	}()
	for _, n := range numbers {
		in <- n
	}
	if fixed {
		close(in)
	}
}

// fastest takes the first of several results, and the others are stuck.
func fastest(replicas int) int {
	results := make(chan int)
	if fixed {
		results = make(chan int, replicas)
	}
	for i := 0; i < replicas; i++ {
		i := i
		go func() {
			results <- i // left: TestFirstResult
		}()
	}
	return <-results
}

// firstEven stops reading before its generator stops sending.
func firstEven() int {
	numbers, done := make(chan int), make(chan struct{})
	if fixed {
		defer close(done)
	}
	go func() {
		for i := 1; ; i++ {
			if fixed {
				select {
				case numbers <- i:
				case <-done:
					return
				}
				continue
			}
			numbers <- i // left: TestAbandonedGenerator
		}
	}()
	for n := range numbers {
		if n%2 == 0 {
			return n
		}
	}
	return 0
}

// report sends a result after an error that it has sent, too.
func report() error {
	result := make(chan error)
	go func() {
		result <- errFailed
		if fixed {
			return
		}
		result <- nil // left: TestDoubleSend
	}()
	return <-result
}

type feed struct{ updates chan int }

// listen waits for a channel that nobody made.
func listen() {
	var f feed
	if fixed {
		f.updates = make(chan int)
		defer close(f.updates)
	}
	go func() {
		<-f.updates // left: TestNilChannel
	}()
}

// guard keeps a goroutine for the whole life of the program.
func guard() {
	done := make(chan struct{})
	defer close(done)
	go func() {
		if fixed {
			<-done
			return
		}
		select {} // left: TestEmptySelect
	}()
}

// limited takes a place and does not give it back if the work fails.
func limited(jobs int) {
	places := make(chan struct{}, 2)
	for i := 0; i < jobs; i++ {
		go func() {
			places <- struct{}{} // left: TestLostSemaphore
			if fixed {
				defer func() { <-places }()
			}
		}()
	}
}

// lines gives up reading from a pipe without closing it.
func lines() {
	r, w := io.Pipe()
	go func() {
		for i := 0; i < 10; i++ {
			if _, err := w.Write([]byte("line\n")); err != nil { // left: TestUnreadPipe
				return
			}
		}
		w.Close()
	}()
	r.Read(make([]byte, 5))
	if fixed {
		r.Close()
	}
}

// relay sends to itself.
func relay() int {
	through := make(chan int)
	if fixed {
		through = make(chan int, 1)
	}
	through <- 1 // hangs: TestSelfSend
	return <-through
}

// drain waits for the end of a channel that has none.
func drain() int {
	items := make(chan int, 10)
	go func() {
		for i := 0; i < 10; i++ {
			items <- i
		}
		if fixed {
			close(items)
		}
	}()
	n := 0
	for range items { // hangs: TestDrainOpenChannel
		n++
	}
	return n
}
