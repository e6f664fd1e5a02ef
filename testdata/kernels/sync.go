package kernels

import "sync"

// gather waits for a worker that ended without Done.
func gather() []int {
	var wg sync.WaitGroup
	results := make(chan int, 10)
	for i := 0; i < 3; i++ {
		i := i
		wg.Add(1)
		go func() {
			if fixed {
				defer wg.Done()
			}
			if i == 1 {
				return
			}
			results <- i
			if !fixed {
				wg.Done()
			}
		}()
	}
	go func() {
		wg.Wait() // left: TestMissingDone
		close(results)
	}()
	return []int{<-results, <-results}
}

// inSteps waits in the loop for goroutines that the loop has yet to start.
func inSteps(steps int) {
	var wg sync.WaitGroup
	wg.Add(steps)
	for i := 0; i < steps; i++ {
		go wg.Done()
		if !fixed {
			wg.Wait() // hangs: TestWaitInLoop
		}
	}
	wg.Wait()
}

// collect waits for senders before it receives what they send.
func collect(n int) int {
	var wg sync.WaitGroup
	results := make(chan int)
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			defer wg.Done()
			results <- 1
		}()
	}
	if fixed {
		go func() {
			wg.Wait()
			close(results)
		}()
	} else {
		wg.Wait() // hangs: TestWaitBeforeReceive
		close(results)
	}
	total := 0
	for r := range results {
		total += r
	}
	return total
}

type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	open bool
}

func newGate() *gate {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	return g
}

func (g *gate) wait() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.open {
		g.cond.Wait() // left: TestSignalForMany
	}
}

// enter wakes one of those that wait for the gate.
func enter(n int) {
	g := newGate()
	for i := 0; i < n; i++ {
		go g.wait()
	}
	settle()
	g.mu.Lock()
	g.open = true
	g.mu.Unlock()
	if fixed {
		g.cond.Broadcast()
	} else {
		g.cond.Signal()
	}
	settle()
}

// lateWaiter waits for a signal that it has missed.
func lateWaiter() {
	g := newGate()
	g.mu.Lock()
	g.open = true
	g.cond.Signal()
	g.mu.Unlock()
	go func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if fixed && g.open {
			return
		}
		g.cond.Wait() // left: TestMissedSignal
	}()
	settle()
}

// closedGate waits for a gate that nobody opens.
func closedGate() {
	g := newGate()
	g.mu.Lock()
	if fixed {
		g.open = true
	}
	for !g.open {
		g.cond.Wait() // hangs: TestNoSignal
	}
	g.mu.Unlock()
}

// nested calls Do from within Do.
func nested() {
	var once sync.Once
	once.Do(func() {
		if !fixed {
			once.Do(func() {}) // hangs: TestNestedOnce
		}
	})
}
