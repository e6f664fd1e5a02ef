package checkout

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"time"
)

// atOnce calls f in some goroutines, a number of times in each.
func atOnce(goroutines, times int, f func()) {
	var all sync.WaitGroup
	for range goroutines {
		all.Add(1)
		go func() {
			defer all.Done()
			for range times {
				f()
			}
		}()
	}
	all.Wait()
}

func TestPrices(t *testing.T) {
	atOnce(8, 10, func() { prices([]string{"tea", "coffee", "milk"}) })
}

func TestLedger(t *testing.T) {
	var l ledger
	atOnce(4, 10, l.add)
	if l.entries != 40 {
		t.Errorf("%d entries", l.entries)
	}
}

func TestCharge(t *testing.T) {
	atOnce(6, 5, charge)
}

func TestSend(t *testing.T) {
	text := bytes.Repeat([]byte("tea "), 800_000)
	for range 40 {
		send(text)
	}
}

func TestPage(t *testing.T) {
	jobs := make(chan job)
	defer close(jobs)
	go printJobs(jobs)
	for range 24 {
		page(context.Background(), jobs)
		time.Sleep(5 * time.Millisecond)
	}
}

func TestRefund(t *testing.T) {
	refund()
}

func TestNotify(t *testing.T) {
	for range 4 {
		notify(12, func(int) {})
	}
}

func TestLoad(t *testing.T) {
	load(24)
}
