// Package checkout has eight regressions, each in a function of its own with a
// test: the examples of the rules that only compare. The changes in docs/fixes
// take them back.
package checkout

import (
	"context"
	"runtime/trace"
	"sync"
	"time"
)

// query stands for a query over the network.
func query(articles ...string) {
	time.Sleep(time.Millisecond)
}

// prices looks up what articles cost.
func prices(articles []string) {
	for _, article := range articles {
		query(article)
	}
}

type ledger struct {
	mu      sync.Mutex
	entries int
}

func validate() { time.Sleep(time.Millisecond) }
func store()    { time.Sleep(2 * time.Millisecond) }

// add adds an entry.
func (l *ledger) add() {
	l.mu.Lock()
	defer l.mu.Unlock()
	validate()
	l.entries++
	store()
}

const poll = 5 * time.Millisecond

// charge waits for a payment.
func charge() {
	time.Sleep(poll)
}

// send sends a text with its checksum, unless it is empty.
func send(text []byte) {
	if checksum(text) != 0 {
		upload(text, checksum(text))
	}
}

func checksum(text []byte) (sum uint64) {
	for _, one := range text {
		sum = sum*31 + uint64(one)
	}
	return sum
}

func upload(text []byte, sum uint64) { time.Sleep(time.Millisecond) }

type job struct{ printed chan struct{} }

// printJobs prints a page for each job.
func printJobs(jobs <-chan job) {
	for next := range jobs {
		time.Sleep(time.Millisecond)
		refill()
		next.printed <- struct{}{}
	}
}

// refill fills the paper tray.
func refill() { time.Sleep(4 * time.Millisecond) }

// page has a page printed.
func page(ctx context.Context, jobs chan<- job) {
	defer trace.StartRegion(ctx, "page").End()
	next := job{make(chan struct{}, 1)}
	jobs <- next
	<-next.printed
}

// refund starts a refund and returns when it is done.
func refund() {
	done := make(chan struct{})
	go func() {
		time.Sleep(20 * time.Millisecond)
		close(done)
	}()
	time.Sleep(120 * time.Millisecond)
	<-done
}

// notify sends a message about each item of an order, apart from its caller.
func notify(items int, tell func(item int)) {
	for item := range items {
		sent := make(chan struct{})
		go func() {
			defer close(sent)
			tell(item)
		}()
		<-sent
	}
}

// load loads files, four at a time.
func load(files int) {
	limit := make(chan struct{}, 4)
	var all sync.WaitGroup
	for range files {
		all.Add(1)
		go func() {
			defer all.Done()
			limit <- struct{}{}
			query("file")
			<-limit
		}()
	}
	all.Wait()
}
