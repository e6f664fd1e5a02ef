//go:build go1.25

// Flight writes what the flight recorder remembers: a trace that does not begin at
// the beginning, as its first generation is any. It takes several snapshots, while
// goroutines work, and keeps the last. With -both the ordinary tracer runs as well.
package main

import (
	"bytes"
	"flag"
	"io"
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var (
	both      = flag.Bool("both", false, "the ordinary tracer runs as well")
	snapshots = flag.Int("snapshots", 3, "the last of so many is kept")
	age       = flag.Duration("age", 50*time.Millisecond, "how much is remembered at least")
)

// serve answers on a channel, and allocates and sleeps on the way.
func serve(requests <-chan chan []byte) {
	for request := range requests {
		if time.Now().UnixNano()%8 == 0 {
			time.Sleep(20 * time.Microsecond)
		}
		request <- make([]byte, 4<<10)
	}
}

func main() {
	flag.Parse()
	recorder := trace.NewFlightRecorder(trace.FlightRecorderConfig{MinAge: *age, MaxBytes: 4 << 20})
	if err := recorder.Start(); err != nil {
		log.Fatal(err)
	}
	if *both {
		if err := trace.Start(io.Discard); err != nil {
			log.Fatal(err)
		}
		defer trace.Stop()
	}
	requests := make(chan chan []byte)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for range 4 {
		go serve(requests)
		clients.Add(1)
		go func() {
			defer clients.Done()
			answer := make(chan []byte)
			for {
				select {
				case requests <- answer:
					runtime.KeepAlive(<-answer)
				case <-stop:
					return
				}
				time.Sleep(10 * time.Microsecond)
			}
		}()
	}
	var buffer bytes.Buffer
	for range *snapshots {
		time.Sleep(2 * *age)
		buffer.Reset()
		if _, err := recorder.WriteTo(&buffer); err != nil {
			log.Fatal(err)
		}
	}
	recorder.Stop()
	close(stop)
	clients.Wait()
	if err := os.WriteFile(flag.Arg(0), buffer.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
