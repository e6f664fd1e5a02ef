// Idle provokes nothing: a healthy HTTP service on the loopback interface answers
// one request in 150 ms, and its signal loop waits for a signal that never comes.
//
// A reader must find nothing wrong: processors are idle because there is no work,
// and the goroutine in os/signal.signal_recv is where it always is.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"example.com/programs/internal/record"
)

const (
	requests = 14
	period   = 150 * time.Millisecond
)

func greet(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "hello")
}

func waitForSignals(signals <-chan os.Signal, stop func()) {
	for range signals {
		stop()
	}
}

func call(url string) error {
	response, err := http.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return err
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(greet)}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go waitForSignals(signals, func() { _ = server.Shutdown(context.Background()) })
	go func() { _ = server.Serve(listener) }()
	url := "http://" + listener.Addr().String()
	if err := call(url); err != nil { // connects, before the trace begins
		log.Fatal(err)
	}
	record.Run(func() {
		for range requests {
			time.Sleep(period)
			if err := call(url); err != nil {
				log.Fatal(err)
			}
		}
	})
}
