package main

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
)

// change is the regression that this run has, "" for none.
var change string

// changed is a figure of the program, multiplied where the run has that change.
func changed[T ~int | ~int64](figure T, name string, factor float64) T {
	if change == name {
		return T(float64(figure) * factor)
	}
	return figure
}

// injectIntoRequest is on the hot path: every request comes through here.
func (s *service) injectIntoRequest(number int) {
	switch change {
	case "lock":
		s.visits.count(number)
	case "syscalls":
		checkPermission()
	case "alloc1.5":
		copyAnswer(allocated / 2)
	case "alloc3":
		copyAnswer(allocated * 2)
	}
}

// injectBeside starts what runs beside the requests, and returns what ends it.
func injectBeside() (end func()) {
	var hogs sync.WaitGroup
	var done atomic.Bool
	switch change {
	case "hog":
		startHogs(runtime.GOMAXPROCS(0), &hogs, &done)
	case "hog1":
		startHogs(1, &hogs, &done)
	case "leak3":
		leak(3)
	}
	return func() {
		done.Store(true)
		hogs.Wait()
	}
}

const allocated = 16_000 // bytes: about what a request of the unchanged program allocates, size classes considered

// visits is a new lock that every request wants, held for a while.
type visits struct {
	sync.Mutex
	sum uint64
}

func (v *visits) count(number int) {
	v.Lock()
	defer v.Unlock()
	v.sum += compute(120_000) + uint64(number)
}

func checkPermission() {
	for range 20 {
		if _, err := os.Stat("/"); err != nil {
			panic(err)
		}
	}
}

func startHogs(hogs int, ended *sync.WaitGroup, done *atomic.Bool) {
	for range hogs {
		ended.Add(1)
		go func() {
			defer ended.Done()
			spinForNothing(done)
		}()
	}
}

func spinForNothing(done *atomic.Bool) {
	for spun := 0; !done.Load(); {
		spun++
	}
}

func leak(goroutines int) {
	for range goroutines {
		go waitForNobody()
	}
}

func waitForNobody() {
	select {}
}

//go:noinline
func copyAnswer(size int) []byte {
	return make([]byte, size)
}
