// Blockedread provokes one system call of 4.5 s: a read(2) of an empty pipe.
//
// The descriptor is in blocking mode and is read without the poller, so that the
// goroutine is in state Syscall, over several generations of the trace.
package main

import (
	"log"
	"syscall"
	"time"

	"example.com/programs/internal/record"
)

const delay = 4500 * time.Millisecond

func readSlowly(fd int) {
	var buffer [1]byte
	for {
		_, err := syscall.Read(fd, buffer[:])
		if err == nil {
			return
		}
		if err != syscall.EINTR {
			log.Fatal(err)
		}
	}
}

func writeLate(fd int) {
	time.Sleep(delay)
	if _, err := syscall.Write(fd, []byte{1}); err != nil {
		log.Fatal(err)
	}
}

func main() {
	record.Run(func() {
		var pipe [2]int
		if err := syscall.Pipe(pipe[:]); err != nil {
			log.Fatal(err)
		}
		go writeLate(pipe[1])
		readSlowly(pipe[0])
	})
}
