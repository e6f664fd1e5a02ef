// Cgocallback provokes goroutines that come into being in a system call: threads
// made by C call back into Go, which gives each a goroutine of its own and drops
// it at the thread's end. One more C call is called back on its own thread; before
// Go 1.23 its stack is lost then.
package main

// #cgo LDFLAGS: -lpthread
// #include "callback.h"
import "C"

import (
	"log"
	"time"

	"example.com/programs/internal/record"
)

const threads = 3

//export onEvent
func onEvent(number C.int) {
	time.Sleep(time.Duration(number) * time.Millisecond)
}

func callHere() {
	C.callHere()
}

func main() {
	record.Run(func() {
		for range threads {
			if C.runThread() != 0 {
				log.Fatal("the thread could not be started")
			}
			time.Sleep(5 * time.Millisecond)
		}
		callHere()
	})
}
