//go:build go1.23

package main

import (
	"iter"
	"syscall"
	"time"
)

var kept func() (int, bool)

// coroutines reads from a pipe in an iterator, and leaves another one unfinished.
func coroutines() {
	next, stop := iter.Pull(lines())
	next()
	stop()
	kept, _ = iter.Pull(numbers())
	kept()
}

func lines() iter.Seq[int] {
	return func(yield func(int) bool) {
		var pipe [2]int
		must(syscall.Pipe(pipe[:]))
		time.AfterFunc(hold, func() { syscall.Write(pipe[1], []byte{1}) })
		n, err := syscall.Read(pipe[0], make([]byte, 1))
		must(err)
		yield(n)
	}
}

func numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < 2 && yield(i); i++ {
		}
	}
}
