// Connections provokes goroutines that own code started only indirectly: fetch
// does not close its responses, so that net/http keeps two goroutines for each,
// and the server that listen starts keeps one for each connection, which is idle.
package main

import (
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"example.com/programs/internal/record"
)

const (
	fetches = 24
	period  = 10 * time.Millisecond
)

var body = strings.Repeat("x", 8<<10)

func listen() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	answer := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }
	go http.Serve(listener, http.HandlerFunc(answer))
	return "http://" + listener.Addr().String()
}

func fetch(client *http.Client, url string) {
	if _, err := client.Get(url); err != nil {
		log.Fatal(err)
	}
}

func main() {
	record.Run(func() {
		url := listen()
		client := &http.Client{Transport: &http.Transport{}}
		for range fetches {
			fetch(client, url)
			time.Sleep(period)
		}
	})
}
