// Deadlock provokes waits that never end: five goroutines want a sync.Mutex whose
// holder forgot it, while main goes on.
//
// There is no event that ends these waits. A reader must count them with the
// length that they have reached at the end of the trace.
package main

import (
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const waiters = 5

type account struct {
	mu      sync.Mutex
	balance int
}

func (a *account) lockAndForget() {
	a.mu.Lock()
	a.balance++
}

func (a *account) deposit(amount int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.balance += amount
}

func main() {
	record.Run(func() {
		var a account
		a.lockAndForget()
		for amount := range waiters {
			go a.deposit(amount)
		}
		for range 13 {
			time.Sleep(100 * time.Millisecond)
		}
	})
}
