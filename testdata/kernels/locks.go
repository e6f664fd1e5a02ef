package kernels

import "sync"

type account struct {
	mu      sync.Mutex
	balance int
}

// withdraw returns early with the lock held.
func (a *account) withdraw(n int) error {
	a.mu.Lock() // left: TestForgottenUnlock
	if a.balance < n {
		if fixed {
			a.mu.Unlock()
		}
		return errFailed
	}
	a.balance -= n
	a.mu.Unlock()
	return nil
}

func withdrawTwice() {
	var a account
	a.withdraw(1)
	go a.withdraw(1)
	settle()
}

func (a *account) total() int {
	a.mu.Lock() // left: TestDoubleLock; hangs: TestDoubleLockInTest
	defer a.mu.Unlock()
	return a.balance
}

// deposit calls a method that takes the same lock.
func (a *account) deposit(n int) int {
	a.mu.Lock()
	a.balance += n
	if fixed {
		a.mu.Unlock()
		return a.total()
	}
	defer a.mu.Unlock()
	return a.total()
}

func depositInBackground() {
	var a account
	go a.deposit(1)
	settle()
}

// transfer takes two locks in the order of its arguments.
func transfer(from, to *account, ready chan<- int, both <-chan int) {
	from.mu.Lock()
	defer from.mu.Unlock()
	ready <- 1
	<-both
	to.mu.Lock() // left: TestLockOrder
	defer to.mu.Unlock()
}

// transferBoth runs two transfers in opposite directions.
func transferBoth() {
	var a, b account
	ready, both := make(chan int, 2), make(chan int)
	if fixed {
		close(both)
		go transfer(&a, &b, ready, both)
		go transfer(&a, &b, ready, both)
	} else {
		go transfer(&a, &b, ready, both)
		go transfer(&b, &a, ready, both)
		<-ready
		<-ready
		close(both)
	}
	settle()
}

// swapBoth waits for two goroutines that wait for each other.
func swapBoth() {
	var a, b account
	var wg sync.WaitGroup
	ready, both := make(chan int, 2), make(chan int)
	swap := func(from, to *account) {
		defer wg.Done()
		transfer(from, to, ready, both)
	}
	wg.Add(2)
	if fixed {
		close(both)
		go swap(&a, &b)
		go swap(&a, &b)
	} else {
		go swap(&a, &b)
		go swap(&b, &a)
		<-ready
		<-ready
		close(both)
	}
	wg.Wait() // hangs: TestLockOrderWait
}

type table struct {
	mu   sync.RWMutex
	rows map[string]int
}

func (t *table) size() int {
	t.mu.RLock() // left: TestRecursiveReadLock; hangs: TestRecursiveReadLockInTest
	defer t.mu.RUnlock()
	return len(t.rows)
}

// share reads the size with the read lock held, while a writer waits.
func (t *table) share(locked chan<- int) float64 {
	t.mu.RLock()
	close(locked)
	settle()
	if fixed {
		n := len(t.rows)
		t.mu.RUnlock()
		return float64(n)
	}
	defer t.mu.RUnlock()
	return 1 / float64(t.size())
}

func (t *table) add(row string, locked <-chan int) {
	<-locked
	t.mu.Lock() // left: TestRecursiveReadLock
	defer t.mu.Unlock()
	t.rows[row]++
}

func shareInBackground() {
	t := table{rows: map[string]int{"a": 1}}
	locked := make(chan int)
	go t.add("b", locked)
	go t.share(locked)
	settle()
	settle()
}

func shareHere() {
	t := table{rows: map[string]int{"a": 1}}
	locked := make(chan int)
	go t.add("b", locked)
	t.share(locked)
}

// insert wants to write with its own read lock held.
func (t *table) insert(row string) {
	t.mu.RLock()
	_, ok := t.rows[row]
	if fixed {
		t.mu.RUnlock()
	} else {
		defer t.mu.RUnlock()
	}
	if !ok {
		t.mu.Lock() // left: TestLockUpgrade
		t.rows[row] = 1
		t.mu.Unlock()
	}
}

func insertInBackground() {
	t := table{rows: map[string]int{}}
	go t.insert("a")
	settle()
}
