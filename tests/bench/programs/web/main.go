// Web is an HTTP service and its clients in one process: requests over loopback
// connections, JSON both ways, a cache behind a lock, and a database that is a
// goroutine.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"sync"

	"example.com/bench/record"
)

const (
	clients  = 16
	products = 4096
)

type order struct {
	Number, Product int
	Notes           []string
}

type query struct {
	product int
	reply   chan float64
}

type service struct {
	lock     sync.RWMutex
	prices   map[int]float64
	database chan query
}

func (s *service) price(product int) float64 {
	s.lock.RLock()
	price, known := s.prices[product]
	s.lock.RUnlock()
	if known {
		return price
	}
	reply := make(chan float64)
	s.database <- query{product, reply}
	price = <-reply
	s.lock.Lock()
	defer s.lock.Unlock()
	if len(s.prices) > products/2 {
		clear(s.prices)
	}
	s.prices[product] = price
	return price
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var o order
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if err := json.NewEncoder(w).Encode(map[string]float64{"price": s.price(o.Product)}); err != nil {
		log.Fatal(err)
	}
}

func (s *service) answer() {
	for q := range s.database {
		q.reply <- float64(q.product) * 1.25
	}
}

func visit(ctx context.Context, client *http.Client, url string, first int) {
	for number := first; ctx.Err() == nil; number += clients {
		body, err := json.Marshal(order{number, number % products, []string{"as", "usual"}})
		if err != nil {
			log.Fatal(err)
		}
		response, err := client.Post(url, "application/json", bytes.NewReader(body))
		if err != nil {
			log.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			log.Fatal(err)
		}
		response.Body.Close()
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	s := &service{prices: make(map[int]float64), database: make(chan query)}
	go s.answer()
	go http.Serve(listener, s)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	record.Run(func(ctx context.Context) {
		var visitors sync.WaitGroup
		for i := range clients {
			visitors.Add(1)
			go func() {
				defer visitors.Done()
				visit(ctx, client, "http://"+listener.Addr().String(), i)
			}()
		}
		visitors.Wait()
	})
}
