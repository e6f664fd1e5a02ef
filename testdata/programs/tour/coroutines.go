//go:build go1.23

package main

import "iter"

// coroutines switches between a goroutine and an iterator, without the scheduler.
func coroutines() {
	count := func(yield func(int) bool) {
		for i := range 5 {
			if !yield(i) {
				return
			}
		}
	}
	next, stop := iter.Pull(count) // runs to its end
	for _, more := next(); more; {
		_, more = next()
	}
	stop()
	next, stop = iter.Pull(count) // is stopped on the way
	next()
	stop()
}
