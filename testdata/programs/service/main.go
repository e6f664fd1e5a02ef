// Service is a small, healthy service for the comparison of runs: clients send
// orders to a few handlers, which look prices up in a guarded cache, wait for a
// simulated database and answer in JSON. It takes about a second.
//
// -extra lock adds a regression: handlers also take one lock for 16 ms, in
// updateInventory. -extra leak adds another: startAudit leaves one goroutine
// behind for every fourth order.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"sync"
	"time"

	"example.com/programs/internal/record"
)

const (
	handlers = 4
	orders   = 160
	period   = 6 * time.Millisecond
	products = 32
)

type order struct {
	Number  int    `json:"number"`
	Product int    `json:"product"`
	Note    string `json:"note"`
	reply   chan []byte
}

type receipt struct {
	Number int     `json:"number"`
	Total  float64 `json:"total"`
	Lines  []int   `json:"lines"`
}

type service struct {
	extra     string
	queue     chan order
	priceLock sync.RWMutex
	prices    map[int]float64
	stockLock sync.Mutex
	stock     map[int]int
	audits    chan int
}

func newService(extra string) *service {
	return &service{
		extra:  extra,
		queue:  make(chan order),
		prices: make(map[int]float64),
		stock:  make(map[int]int),
		audits: make(chan int),
	}
}

// queryDatabase stands for a query over the network.
func queryDatabase(product int) float64 {
	time.Sleep(4 * time.Millisecond)
	return float64(product) * 1.25
}

func (s *service) price(product int) float64 {
	s.priceLock.RLock()
	price, known := s.prices[product]
	s.priceLock.RUnlock()
	if !known {
		price = queryDatabase(product)
		s.priceLock.Lock()
		s.prices[product] = price
		s.priceLock.Unlock()
	}
	return price
}

func (s *service) updateInventory(product int) {
	s.stockLock.Lock()
	defer s.stockLock.Unlock()
	s.stock[product]++
	time.Sleep(16 * time.Millisecond)
}

func (s *service) startAudit(number int) {
	go func() { s.audits <- number }() // nobody receives
}

func (s *service) handleOrder(o order) []byte {
	total := s.price(o.Product)
	queryDatabase(o.Number)
	switch {
	case s.extra == "lock" && o.Number%10 < 3:
		s.updateInventory(o.Product)
	case s.extra == "leak" && o.Number%4 == 0:
		s.startAudit(o.Number)
	}
	answer, err := json.Marshal(receipt{Number: o.Number, Total: total, Lines: make([]int, 256)})
	if err != nil {
		log.Fatal(err)
	}
	return answer
}

func (s *service) serve() {
	for o := range s.queue {
		o.reply <- s.handleOrder(o)
	}
}

func (s *service) placeOrder(number int) {
	reply := make(chan []byte, 1)
	s.queue <- order{Number: number, Product: number % products, Note: "as usual", reply: reply}
	var r receipt
	if err := json.Unmarshal(<-reply, &r); err != nil {
		log.Fatal(err)
	}
}

func main() {
	extra := flag.String("extra", "none", "the regression to add: none, lock or leak")
	flag.Parse()
	s := newService(*extra)
	for range handlers {
		go s.serve()
	}
	record.Run(func() {
		var clients sync.WaitGroup
		ticks := time.NewTicker(period)
		defer ticks.Stop()
		for number := range orders {
			<-ticks.C
			clients.Add(1)
			go func() {
				defer clients.Done()
				s.placeOrder(number)
			}()
		}
		clients.Wait()
	})
}
