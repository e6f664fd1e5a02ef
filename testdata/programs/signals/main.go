// Signals provokes the usual signal loop: it waits in os/signal.signal_recv, which
// looks like a system call of more than a second and is no fault. Three signals
// come in between.
package main

import (
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/programs/internal/record"
)

const period = 350 * time.Millisecond

func reload(signals <-chan os.Signal, reloaded chan<- os.Signal) {
	for s := range signals {
		reloaded <- s
	}
}

func main() {
	signals, reloaded := make(chan os.Signal, 1), make(chan os.Signal)
	signal.Notify(signals, syscall.SIGUSR1)
	go reload(signals, reloaded)
	record.Run(func() {
		for range 3 {
			time.Sleep(period)
			if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
				log.Fatal(err)
			}
			<-reloaded
		}
		time.Sleep(period)
	})
}
